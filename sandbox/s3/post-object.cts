import type { IncomingMessage } from 'node:http';

import { drained, type Exchange } from '../exchange.cts';
import type { Settings } from '../options.cts';
import { Refusal, type Reply } from '../reply.cts';
import { ACCESS_KEY_ID, BUCKET } from './bucket.cts';
import { readForm } from './form.cts';
import { checkPolicy, parsePolicy, type SizeRange } from './policy.cts';
import { error, stored } from './replies.cts';
import { ALGORITHM, signatureOfPolicy } from './signature.cts';
import type { Storage } from './storage.cts';

const MAX_KEY_BYTES = 1024;

/** The required fields of a signed form, as S3 names them in errors. */
const REQUIRED = [
	'key',
	'Policy',
	'X-Amz-Algorithm',
	'X-Amz-Credential',
	'X-Amz-Date',
	'X-Amz-Signature',
];

interface Ticket {
	fields: Map<string, string>;
	range: SizeRange;
}

/**
 * S3's POST Object with a SigV4 policy. Stores the file only if everything about the form is right.
 *
 * @param now milliseconds since the epoch, for the policy's expiration
 */
export async function postObject(
	{ request, signal }: Exchange,
	storage: Storage,
	{ earlyRefusal }: Settings,
	now: number,
): Promise<Reply> {
	try {
		checkHeaders(request);
		const { ticket, file } = await readForm<Ticket>(request, {
			path: storage.freshPath(),
			signal,
			early: earlyRefusal,
			accept(sent, filename) {
				const fields = filledIn(sent, filename);
				checkSignature(fields);
				const policy = parsePolicy(fields.get('policy') ?? '');
				const range = checkPolicy(policy, fields, BUCKET, now);
				checkKey(fields.get('key') ?? '');
				return { fields, range };
			},
		});
		const object = {
			...file,
			key: ticket.fields.get('key') ?? '',
			contentType: ticket.fields.get('content-type') ?? 'binary/octet-stream',
			fields: Object.fromEntries(ticket.fields),
		};
		storage.put(object);
		return stored(object, ticket.fields.get('success_action_status'));
	} catch (reason) {
		if (reason instanceof Refusal && earlyRefusal) reason.reply.closes = !request.complete;
		else if (reason instanceof Refusal) await drained(request);
		throw reason;
	}
}

function checkHeaders({ headers }: IncomingMessage): void {
	if (headers['content-length'] === undefined) {
		throw error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
	}
	// The form itself is signed; a client that sends the header as well is probably leaking its
	// Cliniko key to another host.
	if (headers.authorization !== undefined) {
		throw error(
			400,
			'InvalidArgument',
			'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature ' +
				'query string parameter or the Authorization header should be specified',
			{ ArgumentName: 'Authorization', ArgumentValue: '(not repeated here)' },
		);
	}
	if (!headers['content-type']?.toLowerCase().startsWith('multipart/form-data')) {
		throw error(
			412,
			'PreconditionFailed',
			'At least one of the pre-conditions you specified did not hold',
			{ Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
		);
	}
}

/** S3 substitutes `${filename}` before it checks the policy, unless the file has no name. */
function filledIn(sent: Map<string, string>, filename: string | undefined): Map<string, string> {
	if (filename === undefined) return sent;
	return new Map(
		[...sent].map(([name, value]) => [
			name,
			name === 'policy' ? value : value.replaceAll('${filename}', () => filename),
		]),
	);
}

function checkSignature(fields: Map<string, string>): void {
	// With neither, it is an anonymous upload, which the bucket does not allow.
	if (!fields.has('policy') && !fields.has('x-amz-signature')) {
		throw error(403, 'AccessDenied', 'Access Denied');
	}
	for (const name of REQUIRED) {
		if (fields.get(name.toLowerCase())) continue;
		throw error(
			400,
			'InvalidArgument',
			`Bucket POST must contain a field named '${name}'.  If it is specified, please check the ` +
				'order of the fields.',
			{ ArgumentName: name, ArgumentValue: '' },
		);
	}
	const policy = fields.get('policy') ?? '';
	const algorithm = fields.get('x-amz-algorithm') ?? '';
	const [accessKeyId, day] = (fields.get('x-amz-credential') ?? '').split('/');
	const signature = fields.get('x-amz-signature') ?? '';
	if (algorithm !== ALGORITHM) {
		throw error(400, 'InvalidArgument', `X-Amz-Algorithm only supports "${ALGORITHM}"`, {
			ArgumentName: 'X-Amz-Algorithm',
			ArgumentValue: algorithm,
		});
	}
	if (accessKeyId !== ACCESS_KEY_ID) {
		throw error(
			403,
			'InvalidAccessKeyId',
			'The AWS Access Key Id you provided does not exist in our records.',
			{ AWSAccessKeyId: accessKeyId ?? '' },
		);
	}
	if (signature !== signatureOfPolicy(policy, day ?? '')) {
		throw error(
			403,
			'SignatureDoesNotMatch',
			'The request signature we calculated does not match the signature you provided. Check ' +
				'your key and signing method.',
			{ AWSAccessKeyId: accessKeyId, StringToSign: policy, SignatureProvided: signature },
		);
	}
}

function checkKey(key: string): void {
	const bytes = Buffer.byteLength(key);
	if (bytes > MAX_KEY_BYTES) {
		throw error(400, 'KeyTooLongError', 'Your key is too long', {
			Size: bytes,
			MaxSizeAllowed: MAX_KEY_BYTES,
		});
	}
}
