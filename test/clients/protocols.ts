import { create, createFileRegistry, type DescService } from '@bufbuild/protobuf'
import {
  EmptySchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_empty,
} from '@bufbuild/protobuf/wkt'
import type { ResourceServerOptions } from '@countersign/testing'

const empty = `.${EmptySchema.typeName}`
const method = (name: string) => ({ name, inputType: empty, outputType: empty })
const file = create(FileDescriptorProtoSchema, {
  ...{ name: 'accounts.proto', package: 'accounts', syntax: 'proto3' },
  dependency: [file_google_protobuf_empty.proto.name],
  service: [{ name: 'Accounts', method: [method('List'), method('Create')] }],
})
const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_empty.proto, file] })

/** A service that a program would generate from a .proto file. */
export const accountService = createFileRegistry(set).getService('accounts.Accounts') as DescService

type Answer = NonNullable<ResourceServerOptions['answer']>

const envelope = `<?xml version="1.0"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
<ListResponse xmlns="urn:accounts"><ok>true</ok></ListResponse></soap:Body></soap:Envelope>`

const answers: Record<string, Answer> = {
  graphql: () => ({ body: { data: { ok: true } } }),
  soap: () => ({ headers: { 'content-type': 'text/xml' }, body: envelope }),
  connect: () => ({ body: {} }),
  mcp: ({ method, body }) => {
    // The client asks for a stream of events, which this server does not have.
    if (method === 'GET') return { status: 405 }
    const { id, method: name } = JSON.parse(Buffer.from(body).toString())
    if (id === undefined) return { status: 202 }
    const results: Record<string, object> = {
      initialize: {
        ...{ protocolVersion: '2025-06-18', capabilities: { tools: {} } },
        serverInfo: { name: 'accounts', version: '1.0.0' },
      },
      'tools/list': { tools: [] },
      'tools/call': { content: [] },
    }
    return { body: { jsonrpc: '2.0', id, result: results[name] } }
  },
}

/** The answers of an API in the protocol of a client, if it is not plain JSON. */
export function answerAs(name: string): Answer | undefined {
  const isGraphql = ['graphql-request', 'apollo', 'urql'].includes(name)
  return answers[isGraphql ? 'graphql' : name]
}
