import { credentials, Metadata } from '@grpc/grpc-js'
import { tokens } from './tokens.js'

const callCredentials = credentials.createFromMetadataGenerator((_, callback) => {
  tokens.getAccessToken().then(
    ({ authorization }) => {
      const metadata = new Metadata()
      metadata.set('authorization', authorization)
      callback(null, metadata)
    },
    (error) => callback(error),
  )
})
export const createCredentials = (rootCertificate?: Buffer) =>
  credentials.combineChannelCredentials(credentials.createSsl(rootCertificate), callCredentials)
