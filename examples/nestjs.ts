import 'reflect-metadata'
import { addAuthorization } from '@countersign/axios-interceptor'
import { createTokenProvider } from '@countersign/core'
import { HttpModule, HttpService } from '@nestjs/axios'
import { NestFactory } from '@nestjs/core'
import { firstValueFrom } from 'rxjs'

const { CLIENT_ID, PRIVATE_KEY, TOKEN_ENDPOINT, API_ORIGIN = '' } = process.env

const tokens = createTokenProvider({
  clientId: CLIENT_ID,
  tokenEndpoint: TOKEN_ENDPOINT,
  key: PRIVATE_KEY,
})

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
