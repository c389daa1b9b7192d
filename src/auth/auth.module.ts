import { Global, Module } from '@nestjs/common';
import { Accounts } from './accounts.service';
import { ApiKeyGuard } from './api-key.guard';
import { AppsReload } from './apps-reload.service';
import { Apps } from './apps.service';
import { Authenticator } from './authenticator.service';
import { JwtVerifier } from './jwt.verifier';
import { KeyUses } from './key-uses.service';
import { MadeUpHosts } from './made-up-hosts.service';
import { RequestLimit } from './request-limit.service';
import { SocketDoor } from './socket.door';
import { UserTokenGuard } from './user-token.guard';

const PROVIDERS = [
  Apps,
  AppsReload,
  Accounts,
  Authenticator,
  JwtVerifier,
  KeyUses,
  MadeUpHosts,
  ApiKeyGuard,
  RequestLimit,
  UserTokenGuard,
  SocketDoor,
];

/** Who is who: one service, two doors. */
@Global()
@Module({ providers: PROVIDERS, exports: PROVIDERS })
export class AuthModule {}
