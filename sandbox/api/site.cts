import type { Clinic } from '../clinic/clinic.cts';
import type { Site, Surroundings } from '../exchange.cts';
import { notFound, type Reply } from '../reply.cts';
import type { Storage } from '../s3/storage.cts';
import { authenticate, checkHeaders } from './admission.cts';
import { RateLimit } from './rate-limit.cts';
import type { Route } from './route.cts';
import { routes } from './routes.cts';

/** Cliniko's API for one clinic. */
export function createApi(
	clinic: Clinic,
	storage: Storage,
	rateLimit: RateLimit,
	around: Surroundings,
): Site {
	return {
		stepOf(request, url) {
			const step = find(request.method, url)?.step ?? 'other';
			const byId = url.searchParams.getAll('q[]').some((filter) => filter.startsWith('id:'));
			return step === 'get' && byId && url.pathname === '/v1/patient_attachments' ? 'poll' : step;
		},
		async handle(exchange) {
			const { request, host, url } = exchange;
			const user = authenticate(request, host, clinic, around.settings.shard);
			const route = find(request.method, url);
			checkHeaders(request, !route?.notJson);
			rateLimit.count(user.id, around.now());
			if (!route) throw notFound();
			const id = route.path.exec(url.pathname)?.[1] ?? '';
			const base = `https://${host}/v1`;
			const { settings } = around;
			const reply = await route.handle({ exchange, id, user, clinic, storage, base, settings });
			return settings.ids === 'numbers' ? withNumericIds(reply) : reply;
		},
	};
}

function find(method: string | undefined, { pathname }: URL): Route | undefined {
	return routes.find((route) => route.method === method && route.path.test(pathname));
}

/** The reply with its ids as JSON numbers, all digits kept. */
function withNumericIds(reply: Reply): Reply {
	return { ...reply, body: reply.body.replace(/"id":"(\d+)"/g, '"id":$1') };
}
