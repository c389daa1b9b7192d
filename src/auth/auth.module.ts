import { Global, Module } from '@nestjs/common';
import { Accounts } from './accounts.service';
import { ApiKeyGuard } from './api-key.guard';
import { Apps } from './apps.service';
import { Authenticator } from './authenticator.service';
import { JwtVerifier } from './jwt.verifier';
import { KeyUses } from './key-uses.service';
import { SocketDoor } from './socket.door';
import { UserTokenGuard } from './user-token.guard';

const PROVIDERS = [Apps, Accounts, Authenticator, JwtVerifier, KeyUses, ApiKeyGuard, UserTokenGuard, SocketDoor];

/** Who is who: one service, two doors. */
@Global()
@Module({ providers: PROVIDERS, exports: PROVIDERS })
export class AuthModule {}
