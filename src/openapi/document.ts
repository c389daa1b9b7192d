import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { version } from '../../package.json';

const DESCRIPTION = `Who is connected, where, right now: the REST side.

- **Messaging** is a drop-in for BetterForms' and Klai's \`/message/*\`. The API key may stand in the body.
- **Presence** is a drop-in for Rocket.Chat's \`/api/v1/users.presence\` and its siblings, with a user's token.
- **Users** (\`/v1\`) is for what these documents leave open: profiles, tokens, revocations, kicks.
- **Channels** (\`/v1\`) lists channels and their members page by page, however many there are.
- **Changes** (\`/v1\`) tells what has changed since a cursor, as soon as something has.

Everything is scoped to the host of the request: no answer shows another host's users.

Browsers connect with Socket.IO on the same port. To see somebody in the answers, paste this into this page's console:

\`\`\`js
const { io } = await import('/docs/socket.io.esm.min.js');
const socket = io(); // anonymous; io({ auth: { token, userId } }) is that user
socket.on('session', console.log);
await socket.emitWithAck('channel:join', { channel: 'salesRoom' });
\`\`\`

Without an apps file the service runs a demo app on \`localhost\`: open a call, press *Execute*, and it works as it stands.`;

/** The OpenAPI document of all routes, generated from controllers and DTOs. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Rollcall')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .setOpenAPIVersion('3.0.3')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('/')
    .addTag('Messaging (BetterForms, Klai)', 'Who is in which channel, totals over data centres, and messages to tabs.')
    .addTag('Presence (Rocket.Chat)', 'Who is online, away, busy or offline.')
    .addTag('Users', "An app's back end manages its users.")
    .addTag('Settings', 'What an app can change while everything runs.')
    .addTag('Channels', 'Which channels are active, and who is in them, page by page.')
    .addTag('Changes', 'What has changed since an earlier answer, as soon as something has.')
    .addTag('Data centres', 'What each data centre has, and how fresh that is.')
    .addTag('Pods', 'Who serves.')
    .addTag('API keys', 'Which keys the app has, and when they were last used.')
    .addTag('Health', 'For supervisors and load balancers.')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: "The app's API key." }, 'apiKey')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Api-Key', description: "The app's API key." }, 'apiKeyHeader')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-Auth-Token', description: "A user's token." }, 'userToken')
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-User-Id', description: 'The id of the user whose token it is.' },
      'userId',
    );
  return SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (_controller, method) => method,
  });
}

/** The document as it is committed. */
export const documentText = (document: OpenAPIObject): string => `${JSON.stringify(document, null, 2)}\n`;
