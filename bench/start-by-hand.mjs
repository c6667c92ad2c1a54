// Of start.ts: a first API call as it is written by hand, with jose and fetch.
import process from 'node:process'

const { CLIENT_ID, TOKEN_ENDPOINT, PRIVATE_KEY, API_ORIGIN, JOSE } = process.env
// In place of `from 'jose'`: the core's copy.
const { importPKCS8, SignJWT } = await import(JOSE)

const key = await importPKCS8(PRIVATE_KEY, 'ES256')
const assertion = await new SignJWT()
  .setProtectedHeader({ alg: 'ES256', typ: 'JWT' })
  .setIssuer(CLIENT_ID)
  .setSubject(CLIENT_ID)
  .setAudience(TOKEN_ENDPOINT)
  .setJti(crypto.randomUUID())
  .setIssuedAt()
  .setExpirationTime('60s')
  .sign(key)
const response = await fetch(TOKEN_ENDPOINT, {
  method: 'POST',
  body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: CLIENT_ID,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }),
})
const { access_token } = await response.json()
await fetch(`${API_ORIGIN}/accounts`, { headers: { authorization: `Bearer ${access_token}` } })
