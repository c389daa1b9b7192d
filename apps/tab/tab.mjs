import { io } from 'socket.io-client';

const [channel = 'salesRoom', userId, token] = process.argv.slice(2);
const socket = io(process.env.ROLLCALL_URL ?? 'http://localhost:3000', { auth: { userId, token } });

socket.on('session', async (session) => {
  console.log('connected', session);
  console.log('joined', await socket.emitWithAck('channel:join', { channel }));
});
socket.on('message', (message) => console.log('message', message));
socket.on('connect_error', ({ data, message }) => console.error('refused', data ?? message));
