import { API_ORIGIN, api } from './tokens.js'

export async function GET(): Promise<Response> {
  const response = await api(`${API_ORIGIN}/accounts`, { cache: 'no-store' })
  return Response.json(await response.json(), { status: response.status })
}

export async function POST(request: Request): Promise<Response> {
  const body = await request.text()
  const response = await api(`${API_ORIGIN}/accounts`, { method: 'POST', body })
  return Response.json(await response.json(), { status: response.status })
}
