import Stripe from 'stripe'

export async function job({ http }) {
  const stripe = new Stripe('sk_test_1', { host: '127.0.0.1', port: http, protocol: 'http', maxNetworkRetries: 0, telemetry: false })
  const customer = await stripe.customers.retrieve('cus_1')
  return [customer.id, customer.name]
}
