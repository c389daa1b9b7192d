/*
 * The limit of what our HTTP stack can do: the same packages and the same kind of route, without guards, checks and
 * headers of ours, and the answer is a constant. The stack is Nest on Fastify.
 */
import 'reflect-metadata';
import { Body, Controller, Header, Inject, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { serve } from '../processes/verbs';

const CONSTANT = Symbol('the answer');

@Controller('message')
class ConstantController {
  constructor(@Inject(CONSTANT) private readonly answer: Buffer) {}

  @Post('users')
  @Header('Content-Type', 'application/json')
  users(@Body() _: object): Buffer {
    return this.answer;
  }
}

@Module({ controllers: [ConstantController] })
class ConstantModule {}

/** `file`: the bytes of the answer. */
async function start({ file }: { file: string }): Promise<number> {
  const module = { module: ConstantModule, providers: [{ provide: CONSTANT, useValue: readFileSync(file) }] };
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  return (app.getHttpServer().address() as AddressInfo).port;
}

const verbs = { start };
export type ConstantVerbs = typeof verbs;

serve(verbs);
