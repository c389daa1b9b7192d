import { CommandError, HELP, readCommand } from './command';

const KNOWN = { pods: ['us-east-1/1', 'us-east-1/2', 'eu-west-1/1'], dcs: ['us-east-1', 'eu-west-1'] };

describe('A line at the prompt', () => {
  it.each([
    ['kill us-east-1/2', { verb: 'kill', pod: 'us-east-1/2' }],
    ['start us-east-1/1', { verb: 'start', pod: 'us-east-1/1' }],
    ['cut eu-west-1', { verb: 'cut', dc: 'eu-west-1' }],
    ['  slow   eu-west-1  200ms ', { verb: 'slow', dc: 'eu-west-1', delayMs: 200 }],
    ['slow eu-west-1 0', { verb: 'slow', dc: 'eu-west-1', delayMs: 0 }],
    ['heal us-east-1', { verb: 'heal', dc: 'us-east-1' }],
    ['flush us-east-1', { verb: 'flush', dc: 'us-east-1' }],
    ['help', { verb: 'help' }],
    ['quit', { verb: 'quit' }],
    ['', undefined],
    ['   ', undefined],
  ])('is understood: %j', (line, command) => {
    expect(readCommand(line, KNOWN)).toEqual(command);
  });

  it.each([
    ['boom', 'There is no command "boom". Try: kill, start, cut, slow, heal, flush, help, quit.'],
    ['constructor', 'There is no command "constructor".'],
    ['kill', '"kill" got nothing, but must be: kill <pod>.'],
    ['kill us-east-1/1 now', '"kill" got "us-east-1/1 now", but must be: kill <pod>.'],
    ['kill us-east-1', 'There is no pod "us-east-1", but us-east-1/1, us-east-1/2, eu-west-1/1.'],
    ['cut us-east-1/1', 'There is no data centre "us-east-1/1", but us-east-1, eu-west-1.'],
    ['slow eu-west-1', '"slow" got "eu-west-1", but must be: slow <dc> <delay>.'],
    ['slow eu-west-1 fast', 'The delay is "fast", but must be like 200ms, from 0ms to 60000ms.'],
    ['slow eu-west-1 -5ms', 'The delay is "-5ms"'],
    ['slow eu-west-1 60001ms', 'The delay is "60001ms"'],
    ['quit now', '"quit" got "now", but must be: quit.'],
  ])('gets a sentence that says what is wrong: %j', (line, sentence) => {
    const read = (): unknown => readCommand(line, KNOWN);
    expect(read).toThrow(CommandError);
    expect(read).toThrow(sentence);
  });

  it('has help for each command', () => {
    const verbs = HELP.split('\n').map((line) => line.trim().split(' ')[0]);
    expect(verbs).toEqual(['kill', 'start', 'cut', 'slow', 'heal', 'flush', 'help', 'quit']);
  });
});
