import type { Exchange, Site, Surroundings } from '../exchange.cts';
import type { Reply } from '../reply.cts';
import { postObject } from './post-object.cts';
import { error } from './replies.cts';
import { isSignedGet } from './signature.cts';
import type { Storage } from './storage.cts';

/** The bucket: accepts forms at its root and serves objects at presigned URLs. */
export function createS3(storage: Storage, { settings, now }: Surroundings): Site {
	return {
		stepOf: (request) => (request.method === 'POST' ? 's3' : 'other'),
		async handle(exchange) {
			const { request, url } = exchange;
			if (request.method === 'POST' && url.pathname === '/') {
				return await postObject(exchange, storage, settings, now());
			}
			if (request.method === 'GET') return getObject(exchange, storage, now());
			throw error(
				405,
				'MethodNotAllowed',
				'The specified method is not allowed against this resource.',
			);
		},
	};
}

function getObject({ request, url }: Exchange, storage: Storage, now: number): Reply {
	if (!url.searchParams.get('X-Amz-Signature')) throw error(403, 'AccessDenied', 'Access Denied');
	// As with a POST: the URL itself is signed, and an additional header is probably a leaked key.
	if (request.headers.authorization !== undefined) {
		throw error(400, 'InvalidArgument', 'Only one auth mechanism allowed');
	}
	if (!isSignedGet(url)) {
		throw error(403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match');
	}
	const date = url.searchParams.get('X-Amz-Date') ?? '';
	const signedAt = Date.parse(
		date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
	);
	if (now > signedAt + Number(url.searchParams.get('X-Amz-Expires')) * 1000) {
		throw error(403, 'AccessDenied', 'Request has expired');
	}
	const object = storage.objects.get(decodeURIComponent(url.pathname.slice(1)));
	if (!object) throw error(404, 'NoSuchKey', 'The specified key does not exist.');
	return {
		status: 200,
		headers: {
			'Content-Type': object.contentType,
			'Content-Length': String(object.size),
			ETag: `"${object.md5}"`,
		},
		body: '',
		file: object.path,
	};
}
