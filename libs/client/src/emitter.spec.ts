import { Emitter } from './emitter';

interface Events {
  said: string;
}

describe('An emitter', () => {
  it('tells each listener until it is taken off, even one that listens twice', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    const listener = (word: string): void => void heard.push(word);
    const [first] = [emitter.on('said', listener), emitter.on('said', listener)];
    emitter.emit('said', 'a');
    first();
    first();
    emitter.emit('said', 'b');
    expect(heard).toEqual(['a', 'a', 'b']);
  });

  it('tells the others although one throws, and lets the error surface', () => {
    const emitter = new Emitter<Events>();
    const heard: string[] = [];
    const later: (() => void)[] = [];
    const queue = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation((task) => void later.push(task));
    emitter.on('said', () => {
      throw new Error('mine');
    });
    emitter.on('said', (word) => heard.push(word));
    emitter.emit('said', 'a');
    queue.mockRestore();
    expect(heard).toEqual(['a']);
    expect(later[0]).toThrow('mine');
  });
});
