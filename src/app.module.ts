import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './auth/auth.module';
import { ChangesModule } from './changes/changes.module';
import { ChannelsModule } from './channels/channels.module';
import type { Config } from './config/config';
import { ConfigModule } from './config/config.module';
import { CrossDcModule } from './cross-dc/cross-dc.module';
import { HealthModule } from './health/health.module';
import { HttpModule } from './http/http.module';
import { KeysModule } from './keys/keys.module';
import { PodsModule } from './pods/pods.module';
import { PresenceModule } from './presence/presence.module';
import { SocketsModule } from './sockets/sockets.module';
import { StoreModule } from './store/store.module';
import { UsersModule } from './users/users.module';

@Module({})
export class AppModule {
  static with(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.with(config),
        StoreModule,
        AuthModule,
        HttpModule,
        SocketsModule,
        ChannelsModule,
        PresenceModule,
        ChangesModule,
        CrossDcModule,
        UsersModule,
        PodsModule,
        KeysModule,
        HealthModule,
      ],
    };
  }
}
