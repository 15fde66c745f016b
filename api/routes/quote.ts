/** POST /api/quote: what an endpoint would run on and cost. Spends and records nothing. */
import { Quote, QuoteRequest } from '../contract.ts';
import type { RouteDeps } from '../deps.ts';
import { choosePlacement, installedProviders } from '../placement.ts';
import { sizeRequest } from '../quote.ts';
import { quoteDocument } from '../quote-document.ts';
import { route } from '../route.ts';

const HUB_MS_MAX = 20_000;

export function quoteRoutes(deps: RouteDeps) {
  return [
    route({
      method: 'post',
      path: '/api/quote',
      policy: { auth: 'read' },
      tag: 'Endpoints',
      summary: 'What a model would run on and cost; spends nothing',
      body: QuoteRequest,
      answer: { status: 200, description: 'Hardware, price, and the source of every number.', schema: Quote },
      errors: [
        'model_not_found',
        'model_gated',
        'model_unsupported',
        'model_no_gguf',
        'model_too_large',
        'hardware_undetermined',
        'hub_unavailable',
        'rate_limit_exceeded',
      ],
      async handler({ principal, body }) {
        const choice = choosePlacement(body, await installedProviders(deps), deps.offers);
        const sized = await sizeRequest(deps, principal.ownerId, body, choice, HUB_MS_MAX);
        return { json: quoteDocument(sized, choice, body, deps.limitUsdMicrosPerHour) };
      },
    }),
  ];
}
