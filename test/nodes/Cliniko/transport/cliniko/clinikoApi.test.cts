import {
	NodeApiError,
	type IHttpRequestOptions,
	type IN8nHttpFullResponse,
	type INode,
} from 'n8n-workflow';
import nock from 'nock';

import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import {
	ClinikoApi,
	UnknownOutcome,
	type ClinikoReply,
} from '../../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import { Clock } from '../../clock.cts';
import { rejection, reply } from '../../connection.cts';

const HOST = 'https://api.uk2.cliniko.com';
const READ = { action: 'look up the patient' };
const CREATE = { action: 'put the file on the record' };

/** Sends a request like n8n's helper, as far as these tests need it. */
async function overFetch(options: IHttpRequestOptions): Promise<IN8nHttpFullResponse> {
	const answer = await fetch(options.url, {
		method: options.method,
		body: options.body as string,
		headers: options.headers as Record<string, string>,
		redirect: options.disableFollowRedirect ? 'manual' : 'follow',
	});
	return {
		statusCode: answer.status,
		headers: Object.fromEntries(answer.headers),
		body: await answer.text(),
	} as unknown as IN8nHttpFullResponse;
}

/** The reply, where the outcome is known. */
function certain(result: ClinikoReply | UnknownOutcome): ClinikoReply {
	if (result instanceof UnknownOutcome) throw result.error;
	return result;
}

/** What is known where the outcome is unknown. */
function open(result: ClinikoReply | UnknownOutcome): UnknownOutcome {
	if (result instanceof UnknownOutcome) return result;
	throw new Error(`Expected an open outcome, got ${JSON.stringify(result)}`);
}

describe('Cliniko’s API', () => {
	let clock: Clock;
	let requests: IHttpRequestOptions[];
	let cancelled: boolean;

	const connection = () => ({
		shard: 'uk2',
		request: async (options: IHttpRequestOptions) => {
			requests.push(options);
			return await overFetch(options);
		},
		account: 'account of the clinic',
		pause: clock.pause,
		random: () => 0.5,
		assertNotCancelled: () => {
			if (cancelled)
				throw new ClinikoError('The execution was cancelled.', 'Nothing more was sent.');
		},
	});
	const api = () => new ClinikoApi(connection());

	beforeAll(() => nock.disableNetConnect());

	beforeEach(() => {
		clock = new Clock();
		requests = [];
		cancelled = false;
	});

	afterEach(() => {
		const left = nock.pendingMocks();
		nock.cleanAll();
		expect(left).toEqual([]);
	});

	afterAll(() => {
		nock.enableNetConnect();
		nock.restore();
	});

	const patient = (...statuses: number[]) => {
		for (const status of statuses) nock(HOST).get('/v1/patients/12').reply(status, { id: '12' });
	};
	const getPatient = async () => await api().get('/patients/12', READ);
	const postRecord = async () =>
		await api().post('/patient_attachments', { patient_id: '12' }, CREATE);

	describe('reads', () => {
		it('JSON, and Cliniko’s own time', async () => {
			nock(HOST)
				.get('/v1/patients/12')
				.reply(200, '{"id":"12"}', { Date: 'Mon, 02 Mar 2026 08:30:00 GMT' });

			expect(await getPatient()).toEqual({
				body: { id: '12' },
				date: Date.parse('2026-03-02T08:30:00Z'),
				isDated: true,
			});
		});

		it('our time when Cliniko does not tell its own', async () => {
			patient(200);

			expect(await getPatient()).toMatchObject({ date: clock.time, isDated: false });
		});

		it('a status of every kind itself, and follows no redirect', async () => {
			patient(200);

			await getPatient();

			expect(requests).toEqual([
				{
					method: 'GET',
					url: `${HOST}/v1/patients/12`,
					timeout: 30_000,
					encoding: 'text',
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					disableFollowRedirect: true,
				},
			]);
		});

		it.each([408, 500, 502, 503, 504])('again after a status %d', async (status) => {
			patient(status, status, 200);

			expect((await getPatient()).body).toEqual({ id: '12' });
			expect(clock.pauses).toEqual([500, 1000]);
		});

		it('again after a dropped connection', async () => {
			nock(HOST).get('/v1/patients/12').replyWithError('ECONNRESET');
			patient(200);

			expect((await getPatient()).body).toEqual({ id: '12' });
			expect(clock.pauses).toEqual([500]);
		});

		it('at most five times, with exponential backoff', async () => {
			patient(500, 500, 500, 500, 503);

			const error = await rejection(getPatient());

			expect(error.httpCode).toBe(503);
			expect(clock.pauses).toEqual([500, 1000, 2000, 4000]);
		});

		it('at most five times when no reply comes, and names the host then', async () => {
			nock(HOST).get('/v1/patients/12').times(5).replyWithError('ENOTFOUND');

			const error = await rejection(getPatient());

			expect(error.message).toBe('Could not look up the patient: Cliniko did not answer.');
			expect(error.description).toContain(HOST);
			expect(error.cause).toBeUndefined();
		});

		it.each([
			[0, 250],
			[1, 750],
		])('again after a jittered backoff (random %d)', async (random, wait) => {
			patient(500, 200);

			await new ClinikoApi({ ...connection(), random: () => random }).get('/patients/12', READ);

			expect(clock.pauses).toEqual([wait]);
		});

		it.each([400, 401, 403, 404, 409, 422])('once when the status is %d', async (status) => {
			patient(status);

			expect((await rejection(getPatient())).httpCode).toBe(status);
			expect(clock.pauses).toEqual([]);
		});
	});

	describe('creates', () => {
		it('with JSON', async () => {
			nock(HOST)
				.post('/v1/patient_attachments', '{"patient_id":"9007199254740993"}')
				.matchHeader('Content-Type', 'application/json')
				.reply(201, { id: '5' });

			const { body } = certain(
				await api().post('/patient_attachments', { patient_id: '9007199254740993' }, CREATE),
			);

			expect(body).toEqual({ id: '5' });
		});

		it.each([
			[408, false],
			[500, false],
			[502, false],
			[503, false],
			[504, false],
			[302, true],
		])(
			'once, even when the status is %d: it may have run, and was accepted: %s',
			async (status, accepted) => {
				nock(HOST).post('/v1/patient_attachments').reply(status, { id: '5' });

				const outcome = open(await postRecord());

				expect(outcome.accepted).toBe(accepted);
				expect(outcome.error.httpCode).toBe(status);
				expect(clock.pauses).toEqual([]);
				expect(requests).toHaveLength(1);
			},
		);

		it('once, even when the connection dropped: it may have run', async () => {
			nock(HOST).post('/v1/patient_attachments').replyWithError('ECONNRESET');

			const outcome = open(await postRecord());

			expect(outcome.accepted).toBe(false);
			expect(outcome.error.message).toBe(
				'Could not put the file on the record: Cliniko did not answer.',
			);
			expect(outcome.error.httpCode).toBeUndefined();
			expect(outcome.error.cause).toBeUndefined();
			expect(requests).toHaveLength(1);
		});

		it.each([
			['a page of a proxy', 200, '<html><body>Please log in</body></html>'],
			['half a reply', 201, '{"id":"5","fil'],
			['nothing', 201, ''],
			['a list', 201, '[{"id":"5"}]'],
		])('once, even when the reply is %s: it may have run', async (_, status, body) => {
			nock(HOST).post('/v1/patient_attachments').reply(status, body);

			const outcome = open(await postRecord());

			expect(outcome.accepted).toBe(true);
			expect(outcome.error.message).toContain('is not the JSON it should be');
			expect(requests).toHaveLength(1);
		});

		it.each([400, 401, 403, 404, 409, 422])(
			'nothing when the status is %d, which is a refusal',
			async (status) => {
				nock(HOST).post('/v1/patient_attachments').reply(status, { message: 'No.' });

				expect((await rejection(postRecord())).httpCode).toBe(status);
				expect(requests).toHaveLength(1);
			},
		);

		it('nothing when the limit stays reached, which is a refusal too', async () => {
			nock(HOST).post('/v1/patient_attachments').times(100).reply(429);

			expect((await rejection(postRecord())).httpCode).toBe(429);
			nock.cleanAll();
		});

		it('again when the limit was reached: then it has not run', async () => {
			nock(HOST).post('/v1/patient_attachments').reply(429, '', { 'Retry-After': '3' });
			nock(HOST).post('/v1/patient_attachments').reply(201, { id: '5' });

			expect(certain(await postRecord()).body).toEqual({ id: '5' });
			expect(clock.pauses).toEqual([3125]);
		});

		it('once after a limit and a fault', async () => {
			nock(HOST).post('/v1/patient_attachments').reply(429, '', { 'Retry-After': '3' });
			nock(HOST).post('/v1/patient_attachments').reply(500);

			expect(open(await postRecord()).error.httpCode).toBe(500);
			expect(requests).toHaveLength(2);
		});
	});

	describe('changes', () => {
		const change = (status: number, body: unknown = { id: '77' }) =>
			nock(HOST)
				.patch('/v1/patient_attachments/77')
				.reply(status, body as object);
		const patch = async () =>
			await api().patch(
				'/patient_attachments/77',
				{ description: null },
				{ action: 'change the description' },
			);

		it('with JSON, and gives what it has become', async () => {
			nock(HOST)
				.patch('/v1/patient_attachments/77', '{"description":null}')
				.matchHeader('Content-Type', 'application/json')
				.reply(200, { id: '77', description: null });

			expect((await patch()).body).toEqual({ id: '77', description: null });
			expect(requests[0]).toMatchObject({ method: 'PATCH', disableFollowRedirect: true });
		});

		it.each([408, 500, 502, 503, 504])(
			'again after a status %d: the second time changes nothing more',
			async (status) => {
				change(status);
				change(200);

				expect((await patch()).body).toEqual({ id: '77' });
				expect(clock.pauses).toEqual([500]);
			},
		);

		it('again after a dropped connection, and after a reply that is no JSON', async () => {
			nock(HOST).patch('/v1/patient_attachments/77').replyWithError('ECONNRESET');
			change(200, '<html>');
			change(200);

			expect((await patch()).body).toEqual({ id: '77' });
		});

		it('at most five times', async () => {
			nock(HOST).patch('/v1/patient_attachments/77').times(5).reply(500);

			expect((await rejection(patch())).message).toBe(
				'Could not change the description: Cliniko answered with status 500.',
			);
		});

		it.each([302, 400, 401, 403, 404, 409, 422])(
			'nothing when the status is %d, which is a refusal',
			async (status) => {
				change(status);

				expect((await rejection(patch())).httpCode).toBe(status);
				expect(requests).toHaveLength(1);
			},
		);
	});

	describe('has something done', () => {
		const archive = () => nock(HOST).post('/v1/patient_attachments/77/archive');
		const order = async () =>
			await api().postAction('/patient_attachments/77/archive', {
				action: 'archive attachment 77',
			});

		it.each([
			[204, ''],
			[200, '{"id":"77"}'],
			[201, 'created'],
		])('which a status alone answers: %d', async (status, body) => {
			archive().reply(status, body);

			expect(await order()).toBeUndefined();
			expect(requests).toEqual([
				{
					method: 'POST',
					url: `${HOST}/v1/patient_attachments/77/archive`,
					timeout: 30_000,
					encoding: 'text',
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					disableFollowRedirect: true,
				},
			]);
		});

		it('nothing when a page of a proxy stands in for Cliniko’s answer', async () => {
			archive().reply(200, '<html>Sign in to the network</html>');

			expect((await rejection(order())).message).toBe(
				"Could not archive attachment 77: Cliniko's reply is not the JSON it should be.",
			);
			expect(requests).toHaveLength(1);
		});

		it.each([
			[408, false],
			[500, false],
			[502, false],
			[503, false],
			[504, false],
		])(
			'once, even when the status is %d: it may have been done, and was accepted: %s',
			async (status, accepted) => {
				archive().reply(status, {});

				const outcome = await order();

				expect(outcome).toBeInstanceOf(UnknownOutcome);
				expect(outcome?.accepted).toBe(accepted);
				expect(outcome?.error.message).toBe(
					`Could not archive attachment 77: Cliniko answered with status ${status}.`,
				);
				expect(requests).toHaveLength(1);
			},
		);

		it('once, even when the connection dropped', async () => {
			archive().replyWithError('ECONNRESET');

			const outcome = await order();

			expect(outcome?.accepted).toBe(false);
			expect(outcome?.error.message).toContain('Cliniko did not answer');
			expect(requests).toHaveLength(1);
		});

		it('again at the limit: then it was not done', async () => {
			archive().reply(429, '', { 'Retry-After': '3' });
			archive().reply(204);

			expect(await order()).toBeUndefined();
			expect(clock.pauses).toEqual([3125]);
		});

		it.each([302, 400, 401, 403, 404, 409, 422])(
			'or not, when the status is %d, which is a refusal',
			async (status) => {
				archive().reply(status, {});

				expect((await rejection(order())).httpCode).toBe(status);
				expect(requests).toHaveLength(1);
			},
		);
	});

	describe('tells where a file is', () => {
		const content = () => nock(HOST).get('/v1/patient_attachments/77/content');
		const address = async () =>
			await api().requestFile('/patient_attachments/77/content', {
				action: 'download attachment 77',
				notFound: 'There is no file.',
			});
		const file = 'https://files.example/a%20b.pdf?X-Amz-Signature=0af1';

		it.each([301, 302, 303, 307, 308])('with a redirect %d', async (status) => {
			content().reply(status, '', { Location: file });

			expect(await address()).toBe(file);
			expect(requests).toEqual([
				{
					method: 'GET',
					url: `${HOST}/v1/patient_attachments/77/content`,
					headers: { Accept: '*/*', 'Accept-Encoding': 'identity' },
					timeout: 30_000,
					encoding: 'stream',
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					// Following it would send the key along.
					disableFollowRedirect: true,
				},
			]);
		});

		it('once a fault is over', async () => {
			content().reply(503);
			content().replyWithError('ECONNRESET');
			content().reply(303, '', { Location: file });

			expect(await address()).toBe(file);
		});

		it.each([
			['no address', 303, {}],
			['an empty address', 303, { Location: '' }],
			['an address of http', 303, { Location: 'http://files.example/a.pdf' }],
			['an address of another kind', 303, { Location: 'file:///etc/passwd' }],
			['an address that is none', 303, { Location: 'https://' }],
			['another success', 206, { Location: 'https://files.example/a.pdf' }],
			['an address of http on its own host', 303, { Location: 'http://api.uk2.cliniko.com/x' }],
			['nothing', 204, {}],
		])('unless there is %s', async (_, status, headers) => {
			content().reply(status, '', headers as Record<string, string>);

			const error = await rejection(address());

			expect(error.message).toBe(
				'Could not download attachment 77: Cliniko did not say at which secure (https) address the file is.',
			);
			expect(error.httpCode).toBe(status);
			expect(requests).toHaveLength(1);
		});

		it('with the file itself', async () => {
			content().reply(200, '%PDF', { 'Content-Type': 'application/pdf' });

			expect(await address()).toMatchObject({ statusCode: 200, body: '%PDF' });
		});

		it.each([
			['/files/77', '/files/77'],
			['elsewhere?part=1', '/v1/patient_attachments/77/elsewhere?part=1'],
			[`${HOST}/v1/x#part`, '/v1/x'],
			['//api.uk2.cliniko.com/v1/x', '/v1/x'],
			['https://someone:secret@api.uk2.cliniko.com/v1/x', '/v1/x'],
		])('with a redirect within Cliniko’s API: %s', async (location, path) => {
			content().reply(307, '', { Location: location });
			nock(HOST).get(path).reply(303, '', { Location: file });

			expect(await address()).toBe(file);
			expect(requests.map(({ url }) => url)).toEqual([
				`${HOST}/v1/patient_attachments/77/content`,
				`${HOST}${path}`,
			]);
		});

		it.each([
			'https://api.uk2.cliniko.com.evil.example/v1/x',
			'https://api.uk2.cliniko.com:8443/v1/x',
			'https://api.uk1.cliniko.com/v1/x',
			'//evil.example/v1/x',
		])('but sends the key to no other host: %s', async (location) => {
			content().reply(303, '', { Location: location });

			expect(await address()).toBe(new URL(location, HOST).href);
			expect(requests).toHaveLength(1);
		});

		it('but not by redirects without end', async () => {
			content().times(4).reply(303, '', { Location: '/v1/patient_attachments/77/content' });

			expect((await rejection(address())).httpCode).toBe(303);
			expect(requests).toHaveLength(4);
		});

		it.each([
			[401, 'Cliniko refused the API key.'],
			[403, 'may not do this'],
			[404, 'There is no file.'],
			[422, 'did not accept it'],
		])('unless it refuses with %d', async (status, message) => {
			content().reply(status, {}, { Location: file });

			const error = await rejection(address());

			expect(error.message).toContain(message);
			expect(error.httpCode).toBe(status);
		});

		it('unless it has a fault five times', async () => {
			content().times(5).reply(500, '', { Location: file });

			expect((await rejection(address())).message).toContain('status 500');
		});
	});

	describe('at its limit', () => {
		it('is asked again once the limit is reset', async () => {
			const reset = String(clock.time / 1000 + 20);
			nock(HOST).get('/v1/patients/12').reply(429, '', { 'X-RateLimit-Reset': reset });
			patient(200);

			expect((await getPatient()).body).toEqual({ id: '12' });
			expect(clock.pauses).toEqual([20_125]);
		});

		it('does not use up the attempts that faults have', async () => {
			for (const status of [500, 429, 500, 429, 500, 429, 500]) patient(status);
			patient(200);

			expect((await getPatient()).body).toEqual({ id: '12' });
		});

		it.each([
			['past', '1700000000'],
			['seconds from now', '20'],
			['wrong', 'soon'],
		])('is given up after ten minutes, and not earlier, when the reset is %s', async (_, reset) => {
			nock(HOST).get('/v1/patients/12').times(100).reply(429, '', { 'X-RateLimit-Reset': reset });
			const begin = clock.time;

			const error = await rejection(getPatient());

			expect(error.httpCode).toBe(429);
			expect(clock.time - begin).toBeGreaterThanOrEqual(10 * 60_000);
			expect(clock.time - begin).toBeLessThan(12 * 60_000);
			expect(requests.length).toBeLessThan(40);
			nock.cleanAll();
		});

		it('is given up after ten minutes even if other requests are answered', async () => {
			const shared: ClinikoApi = new ClinikoApi({
				...connection(),
				request: async ({ url }) => {
					if (!url.endsWith('/12')) return reply(200, {});
					await shared.get('/patients/13', READ);
					return reply(429, '', { 'x-ratelimit-reset': '50' });
				},
			});
			const begin = clock.time;

			expect((await rejection(shared.get('/patients/12', READ))).httpCode).toBe(429);
			expect(clock.time - begin).toBeGreaterThanOrEqual(10 * 60_000);
			expect(clock.time - begin).toBeLessThan(12 * 60_000);
		});

		it('holds back all other requests, so that only one is refused', async () => {
			let isWaiting = false;
			const shared = new ClinikoApi({
				...connection(),
				pause: async (ms) => {
					isWaiting = true;
					await clock.pause(ms);
				},
			});
			nock(HOST).get('/v1/patients/1').reply(429, '', { 'Retry-After': '30' });
			nock(HOST).get('/v1/patients/1').reply(200, { id: '1' });
			nock(HOST).get('/v1/patients/2').reply(200, { id: '2' });
			nock(HOST).post('/v1/patient_attachments').reply(201, { id: '3' });

			const first = shared.get('/patients/1', READ);
			while (!isWaiting) await new Promise(setImmediate);
			const second = shared.get('/patients/2', READ);
			const third = shared.post('/patient_attachments', {}, CREATE);
			expect(requests).toHaveLength(1);

			const replies = await Promise.all([first, second, third]);
			expect(replies.map((one) => certain(one).body.id)).toEqual(['1', '2', '3']);
			expect(requests).toHaveLength(4);
		});
	});

	describe('does not take', () => {
		it.each([
			['a page of a proxy', '<html><body>Please log in</body></html>'],
			['half a reply', '{"id":"12","first_na'],
			['a list', '[{"id":"12"}]'],
			['a text', '"12"'],
			['nothing', ''],
			['null', 'null'],
		])('%s for a patient', async (_, body) => {
			nock(HOST).get('/v1/patients/12').times(5).reply(200, body);

			const error = await rejection(getPatient());

			expect(error.message).toBe(
				"Could not look up the patient: Cliniko's reply is not the JSON it should be.",
			);
			expect(error.httpCode).toBe(200);
		});

		it('such a reply for the last word, since the next may be right', async () => {
			nock(HOST).get('/v1/patients/12').reply(200, '<html><body>Starting…</body></html>');
			patient(200);

			expect((await getPatient()).body).toEqual({ id: '12' });
			expect(clock.pauses).toEqual([500]);
		});

		it('a redirect, which would give the key to another host', async () => {
			nock(HOST).get('/v1/patients/12').reply(302, '', { Location: 'https://evil.example/' });

			const error = await rejection(getPatient());

			expect(error.message).toContain('answered with a redirect, which is not followed');
			expect(error.httpCode).toBe(302);
		});

		it('the HTML of an error page into its message', async () => {
			nock(HOST).get('/v1/patients/12').reply(403, '<html><h1>403 ERROR</h1>cloudfront</html>');

			expect((await rejection(getPatient())).message).toBe(
				'Could not look up the patient: the Cliniko user that the API key belongs to may not do this.',
			);
		});

		it('over anything but Cliniko’s words and the status from a refusal', async () => {
			nock(HOST)
				.post('/v1/patient_attachments')
				.reply(
					422,
					{ message: 'Validation Failed', errors: { temp_attachment_url: 'is invalid' } },
					{ 'X-Secret': 'of the header' },
				);

			const error = await rejection(postRecord());

			expect(error.message).toContain('Validation Failed: temp_attachment_url is invalid');
			expect(Object.values(error).join(' ')).not.toContain('of the header');
			expect(error.cause).toBeUndefined();
		});
	});

	describe('after the execution was cancelled', () => {
		it('is not asked any more', async () => {
			cancelled = true;

			expect((await rejection(getPatient())).message).toContain('was cancelled');
			expect(requests).toEqual([]);
		});

		it.each([
			['read', async (one: ClinikoApi) => await one.get('/patients/12', READ)],
			['create', async (one: ClinikoApi) => await one.post('/patient_attachments', {}, CREATE)],
		])('is not asked again when that ended a request: %s', async (_, ask) => {
			const request = async (options: IHttpRequestOptions) => {
				requests.push(options);
				cancelled = true;
				return await Promise.reject(new Error('aborted'));
			};

			const error = await rejection(ask(new ClinikoApi({ ...connection(), request })));

			expect(error.message).toContain('was cancelled');
			expect(requests).toHaveLength(1);
		});

		it('is not asked once a wait is over', async () => {
			nock(HOST).get('/v1/patients/12').reply(429);
			const pause = async (ms: number) => {
				cancelled = true;
				await clock.pause(ms);
			};

			const error = await rejection(
				new ClinikoApi({ ...connection(), pause }).get('/patients/12', READ),
			);

			expect(error.message).toContain('was cancelled');
			expect(requests).toHaveLength(1);
		});
	});

	describe('is not asked when the credential refuses', () => {
		const own = new ClinikoError('No contact e-mail address.', 'Fill it in.');
		// The credential and the node are separate bundles, each with its own class.
		const copied = Object.assign(new Error('No contact e-mail address.'), {
			[Symbol.for('n8n-nodes-cliniko.ClinikoError')]: true,
			description: 'Fill it in.',
		});

		it.each([
			['itself', own],
			['inside of an error of n8n’s', new NodeApiError({} as INode, {}, { message: 'Failed' })],
			['twice wrapped', new Error('outer', { cause: new Error('inner', { cause: own }) })],
			['from another copy of the class', copied],
		])('and its words are shown: %s', async (_, thrown) => {
			if (thrown instanceof NodeApiError) Object.assign(thrown, { cause: own });
			const request = async (options: IHttpRequestOptions) => {
				requests.push(options);
				return await Promise.reject(thrown);
			};

			const error = await rejection(
				new ClinikoApi({ ...connection(), request }).get('/patients/12', READ),
			);

			expect(error.message).toBe('No contact e-mail address.');
			expect(error.description).toBe('Fill it in.');
			expect(error.cause).toBeUndefined();
			expect(requests).toHaveLength(1);
		});
	});

	describe('gives a page of a list', () => {
		const page = async (query: Record<string, string>, filters: string[] = []) =>
			await api().page('patient_attachments', filters, READ, query);
		const list = (body: object, headers = {}) =>
			nock(HOST).get('/v1/patient_attachments').query(true).reply(200, body, headers);

		it('the one that is requested, with Cliniko’s own time', async () => {
			list({ patient_attachments: [{ id: '1' }] }, { Date: 'Mon, 02 Mar 2026 08:30:00 GMT' });

			expect(await page({ page: '3', per_page: '50' }, ['id:=1', 'filename:~a&b'])).toEqual({
				rows: [{ id: '1' }],
				hasMore: false,
				date: Date.parse('2026-03-02T08:30:00Z'),
				isDated: true,
			});
			expect(requests.map(({ url }) => url)).toEqual([
				`${HOST}/v1/patient_attachments?page=3&per_page=50&q%5B%5D=id%3A%3D1&q%5B%5D=filename%3A%7Ea%26b`,
			]);
		});

		it.each([
			['there is', { next: 'https://evil.example/' }, true],
			['there is none', { self: 'x', previous: 'y' }, false],
			['the address of the next is empty', { next: '' }, false],
			['there are no links', undefined, false],
		])('and says whether there are more: %s', async (_, links, hasMore) => {
			list({ patient_attachments: [], links });

			expect((await page({})).hasMore).toBe(hasMore);
		});
	});

	describe('lists', () => {
		const page = (number: string, body: object) =>
			nock(HOST)
				.get('/v1/patient_attachments')
				.query((query) => query.page === number)
				.reply(200, body);
		const all = async (filters: string[] = [], query?: Record<string, string>) => {
			const pages = [];
			for await (const rows of api().list('patient_attachments', filters, READ, query)) {
				pages.push(rows);
			}
			return pages;
		};

		it('page by page, until there is no next one', async () => {
			page('1', { patient_attachments: [{ id: '1' }, { id: '2' }], links: { next: 'x' } });
			page('2', { patient_attachments: [{ id: '3' }], links: { self: 'x' } });

			expect(await all()).toEqual([[{ id: '1' }, { id: '2' }], [{ id: '3' }]]);
		});

		it('with each filter in a q[] of its own, encoded', async () => {
			page('1', { patient_attachments: [] });

			await all(['patient_id:=12', 'filename:~50% & more+'], { sort: 'created_at:desc' });

			expect(requests[0]?.url).toBe(
				`${HOST}/v1/patient_attachments?per_page=100&page=1&sort=created_at%3Adesc%2Cid%3Adesc&q%5B%5D=patient_id%3A%3D12&q%5B%5D=filename%3A%7E50%25+%26+more%2B`,
			);
		});

		it('no more pages than the caller wants', async () => {
			page('1', { patient_attachments: [{ id: '1' }], links: { next: 'x' } });

			for await (const rows of api().list('patient_attachments', [], READ)) {
				expect(rows).toHaveLength(1);
				break;
			}

			expect(requests).toHaveLength(1);
		});

		it('nothing after an empty page, even if it names a next one', async () => {
			page('1', { patient_attachments: [], links: { next: 'x' } });

			expect(await all()).toEqual([[]]);
			expect(requests).toHaveLength(1);
		});

		it('no page of the other host that a reply names', async () => {
			page('1', {
				patient_attachments: [{ id: '1' }],
				links: { next: 'https://evil.example/v1/patient_attachments?page=2' },
			});
			page('2', { patient_attachments: [] });

			await all();

			expect(requests.map(({ url }) => new URL(url).origin)).toEqual([HOST, HOST]);
		});

		it.each([
			['no list', {}],
			['another list', { patients: [] }],
			['no list but an object', { patient_attachments: { id: '1' } }],
		])('nothing when the reply has %s', async (_, body) => {
			page('1', body);

			expect((await rejection(all())).message).toBe(
				"Could not look up the patient: Cliniko's reply has no list of patient attachments.",
			);
		});
	});
});
