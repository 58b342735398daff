import type { IDataObject } from 'n8n-workflow';

import { ContentDigests } from '../../../../nodes/Cliniko/download/contentDigest.ts';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { digestOf, FakeCliniko, processedRecord, rejection, reply } from '../connection.cts';

const ADDRESS = 'https://files.s3.amazonaws.com/92384/Referral.pdf?X-Amz-Signature=abc';

const FAULT = { unavailable: 'fault' };

const PAGE = { 'content-type': 'text/html; charset=utf-8' };

/** A reply of S3: chunks with status 200, or a whole reply. */
type Answer = string[] | { status?: number; chunks: string[]; headers?: IDataObject } | Error;

async function* streamOf(chunks: string[], breaks?: Error): AsyncGenerator<Uint8Array> {
	for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
	if (breaks) throw breaks;
}

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));

afterEach(() => jest.restoreAllMocks());

describe('The digest of a file that Cliniko has', () => {
	const start = (
		answers: Answer[],
		{
			redirect = () => reply(302, '', { location: ADDRESS }),
			breaks,
			cancelled = () => false,
		}: {
			redirect?: () => ReturnType<typeof reply>;
			/** How the first stream ends. */
			breaks?: Error;
			cancelled?: () => boolean;
		} = {},
	) => {
		const cliniko = new FakeCliniko(redirect);
		const asked: string[] = [];
		const signals: AbortSignal[] = [];
		const digests = new ContentDigests(cliniko.api, {
			fetch: async (address, signal) => {
				const answer = answers[asked.length] ?? answers.at(-1)!;
				asked.push(address);
				signals.push(signal);
				if (answer instanceof Error) throw answer;
				const {
					status = 200,
					chunks,
					headers = {},
				} = Array.isArray(answer) ? { chunks: answer } : answer;
				const content = streamOf(chunks, asked.length === 1 ? breaks : undefined);
				return await Promise.resolve({ status, headers, content });
			},
			pause: async (ms) => {
				if (cancelled()) throw new ClinikoError('The execution was canceled.', 'Stop.');
				await cliniko.clock.pause(ms);
			},
		});
		return {
			cliniko,
			asked,
			signals,
			digests,
			of: async (id = '1') => await digests.of(processedRecord(id)),
		};
	};

	it('is that of all its bytes', async () => {
		const { cliniko, asked, of } = start([['%PDF-', '1.4', '']]);

		expect(await of()).toEqual({ sha256: digestOf('%PDF-1.4') });
		expect(cliniko.lines).toEqual(['GET /patient_attachments/1/content']);
		expect(asked).toEqual([ADDRESS]);
	});

	it('is downloaded once for each record', async () => {
		const { asked, of } = start([['a'], ['b']]);

		expect(await Promise.all([of('1'), of('1')])).toEqual([
			{ sha256: digestOf('a') },
			{ sha256: digestOf('a') },
		]);
		expect(await of('2')).toEqual({ sha256: digestOf('b') });
		expect(await of('1')).toEqual({ sha256: digestOf('a') });
		expect(asked).toHaveLength(2);
	});

	it('is taken from a second download when the first one breaks', async () => {
		const { asked, of } = start([['%PDF', '-1.4']], { breaks: new Error('aborted') });

		expect(await of()).toEqual({ sha256: digestOf('%PDF-1.4') });
		expect(asked).toHaveLength(2);
	});

	it.each<[string, Answer]>([
		['refuses', { status: 403, chunks: ['<Error>'] }],
		['refuses without a word', { status: 403, chunks: [] }],
		['sends on', { status: 307, chunks: [] }],
		['has a fault', { status: 503, chunks: ['<Error>', '</Error>'] }],
		['is not reached, but the page of a proxy', { chunks: ['<html>'], headers: PAGE }],
		['sends a part of it', { chunks: ['%PDF'], headers: { 'content-length': '8' } }],
		['does not answer', new Error('ECONNRESET')],
	])('cannot be had for now when S3 %s', async (_, answer) => {
		const { asked, of } = start([answer]);

		expect(await of()).toEqual(FAULT);
		expect(asked).toHaveLength(2);
	});

	it.each([401, 404, 408, 500, 503])(
		'cannot be had for now when Cliniko answers %d',
		async (status) => {
			const { asked, of } = start([['a']], { redirect: () => reply(status) });

			expect(await of()).toEqual(FAULT);
			expect(asked).toEqual([]);
		},
	);

	it('cannot be had when Cliniko refuses the file to the user, who is not asked again', async () => {
		const { cliniko, of } = start([['a']], { redirect: () => reply(403) });

		expect(await of()).toEqual({ unavailable: 'forbidden' });
		expect(cliniko.lines).toHaveLength(1);
	});

	it('is requested again after it could not be had', async () => {
		const { of } = start([new Error('ECONNRESET'), new Error('ECONNRESET'), ['a']]);

		expect(await of()).toEqual(FAULT);
		expect(await of()).toEqual({ sha256: digestOf('a') });
	});

	it('is never requested again when the execution was cancelled, which is an error', async () => {
		let cancelled = false;
		const { asked, of } = start([new Error('aborted')], {
			redirect: () => {
				cancelled = true;
				return reply(302, '', { location: ADDRESS });
			},
			cancelled: () => cancelled,
		});

		expect((await rejection(of())).message).toBe('The execution was canceled.');
		expect(asked).toHaveLength(1);
	});

	it('aborts what stalls for a minute', async () => {
		const cliniko = new FakeCliniko(() => reply(302, '', { location: ADDRESS }));
		const signals: AbortSignal[] = [];
		const digests = new ContentDigests(cliniko.api, {
			fetch: async (_, signal) => {
				signals.push(signal);
				return await new Promise(() => {});
			},
			pause: cliniko.clock.pause,
		});
		const began = cliniko.clock.time;

		expect(await digests.of(processedRecord('1'))).toEqual(FAULT);
		expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
		// A minute for each of the two attempts, and the backoff between them.
		expect(cliniko.clock.time - began).toBe(2 * 60_000 + 500);
	});
});
