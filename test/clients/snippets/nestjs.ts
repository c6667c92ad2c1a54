import 'reflect-metadata'
import { addAuthorization } from '@countersign/axios-interceptor'
import { HttpModule, HttpService } from '@nestjs/axios'
import { NestFactory } from '@nestjs/core'
import { API_ORIGIN, tokens } from './tokens.js'

class AppModule {}
const imports = [HttpModule.register({ baseURL: API_ORIGIN })]
const module = { module: AppModule, imports }
export const app = await NestFactory.createApplicationContext(module, { logger: false })
export const http = app.get(HttpService)
addAuthorization(http.axiosRef, tokens)
