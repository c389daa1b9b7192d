import { Module } from '@nestjs/common';
import { PodsController } from './pods.controller';

/** Who serves: the pods of this data centre. */
@Module({ controllers: [PodsController] })
export class PodsModule {}
