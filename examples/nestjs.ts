import 'reflect-metadata'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { optionsFromEnv } from '@countersign/core/env'
import { HttpModule, HttpService } from '@nestjs/axios'
import { NestFactory } from '@nestjs/core'
import { firstValueFrom } from 'rxjs'

const { API_ORIGIN = '' } = process.env

const tokens = createTokenProvider(optionsFromEnv())

class AppModule {}
const app = await NestFactory.createApplicationContext(
  { module: AppModule, imports: [HttpModule.register({ baseURL: API_ORIGIN })] },
  { logger: false },
)
const http = app.get(HttpService)
addAuthorization(http.axiosRef, tokens)

const { status } = await firstValueFrom(http.get('/accounts'))
console.log(status)
await app.close()
