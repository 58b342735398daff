import type { IDataObject } from 'n8n-workflow';

import {
	downloadFile,
	type DownloadedFile,
} from '../../../../nodes/Cliniko/download/downloadFile.ts';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import type { FileStore } from '../../../../nodes/Cliniko/transport/fileStore.ts';
import { Clock } from '../clock.cts';
import { FakeCliniko, freshRecord, processedRecord, reply, type Answer } from '../connection.cts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const SIGNATURE = '0af1'.repeat(16);

/** A reply of S3. */
interface Given {
	/** No reply comes. */
	unreachable?: true;
	status?: number;
	headers?: Record<string, string>;
	/** The body of an error reply; an Error if it cannot be read. */
	xml?: string | Error;
	/** The body of the file: delays in ms, each with the number of bytes that follow. */
	chunks?: Array<[wait: number, bytes: number]>;
	/** The connection breaks after the chunks. */
	breaks?: true;
}

const whole: Given = { chunks: [[0, 1000]] };

const redirect = (count: number): Answer =>
	reply(303, '', { location: `https://files.example/${count}?X-Amz-Signature=${SIGNATURE}` });

/** Downloads from a Cliniko and an S3 with these replies; the last one repeats. */
const download = async (
	given: Given[],
	record: IDataObject & { id: string } = processedRecord('77'),
	content: (count: number) => Answer = redirect,
	cancelledAfter = Infinity,
) => {
	const clock = new Clock();
	const begin = clock.time;
	const pause = async (ms: number) => {
		await clock.pause(ms);
		if (clock.time - begin > cancelledAfter) throw new ClinikoError('Canceled.', 'No more.');
	};
	const cliniko = new FakeCliniko((_, count) => content(count), { clock, pause });
	const fetched: string[] = [];
	const stored: Array<[name: string, type: string]> = [];
	const abortedAt: number[] = [];
	const s3: FileStore<Given> = {
		fetch: async (address, signal) => {
			signal.addEventListener('abort', () => abortedAt.push(clock.time - begin));
			const answer = given[Math.min(fetched.push(address), given.length) - 1]!;
			if (answer.unreachable) throw new Error(`connect ECONNREFUSED ${address}`);
			const { status = 200, headers = {} } = answer;
			return await Promise.resolve({ status, headers, content: answer });
		},
		text: async ({ xml = '' }) => {
			if (xml instanceof Error) throw xml;
			return await Promise.resolve(xml);
		},
		store: async ({ chunks = [], breaks }, name, type, signal, arrived) => {
			expect(signal.aborted).toBe(false);
			stored.push([name, type]);
			for (const [wait, bytes] of chunks) {
				if (wait > 0) await clock.pause(wait);
				arrived(bytes);
			}
			if (breaks) throw new Error(`aborted: https://files.example/?X-Amz-Signature=${SIGNATURE}`);
			return { data: `try ${fetched.length}`, fileName: name, mimeType: type };
		},
		pause,
	};
	const work = downloadFile(cliniko.api, record, s3);
	const [result] = await Promise.allSettled([work]);
	return {
		data: result.status === 'fulfilled' ? (result.value as DownloadedFile).data : undefined,
		warning: result.status === 'fulfilled' ? (result.value as DownloadedFile).warning : undefined,
		error: result.status === 'rejected' ? (result.reason as ClinikoError & IDataObject) : undefined,
		cliniko,
		fetched,
		stored,
		took: clock.time - begin,
		abortedAt,
	};
};

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));

afterEach(() => jest.restoreAllMocks());

describe('A downloaded file', () => {
	it('is what n8n’s store gives, with the name and the type of the record', async () => {
		const { data, cliniko, fetched } = await download([whole]);

		expect(data).toEqual({
			data: 'try 1',
			fileName: 'Referral.pdf',
			mimeType: 'application/pdf',
		});
		expect(cliniko.lines).toEqual(['GET /patient_attachments/77/content']);
		expect(fetched).toEqual([`https://files.example/1?X-Amz-Signature=${SIGNATURE}`]);
	});

	it.each([
		['a name that is one', { filename: 'Ärztebrief 50% #2 😀.pdf' }, 'Ärztebrief 50% #2 😀.pdf'],
		['a name with a path in it', { filename: '../../etc/pass"wd' }, "..-..-etc-pass'wd"],
		['no name', { filename: null }, 'attachment-77'],
		['a name that is only dots', { filename: '..' }, 'attachment-77'],
	])('has a name that n8n can store, for a record with %s', async (_, more, name) => {
		const { stored } = await download([whole], { ...processedRecord('77'), ...more });

		expect(stored).toEqual([[name, 'application/pdf']]);
	});

	it('is of no particular type when the record has none', async () => {
		const record = { ...processedRecord('77'), content_type: null };

		expect((await download([whole], record)).stored).toEqual([
			['Referral.pdf', 'application/octet-stream'],
		]);
	});

	it('may be one that has no bytes', async () => {
		const { data } = await download([{ chunks: [] }], processedRecord('77', 'empty.txt', 0));

		expect(data?.fileName).toBe('empty.txt');
	});

	it('may be one that says nothing of its processing, such as an export', async () => {
		const record = { ...processedRecord('77'), processing_completed: null };

		expect((await download([whole], record)).data).toBeDefined();
	});

	it('is not requested before Cliniko has processed it', async () => {
		const { error, cliniko } = await download([whole], freshRecord('77'));

		expect(error?.message).toBe('Cliniko has not finished processing the file of attachment 77.');
		expect(error?.description).toContain('in a minute');
		expect(cliniko.sent).toEqual([]);
	});

	it('is not requested when Cliniko could not read it', async () => {
		const record = { ...processedRecord('77'), content_type: 'invalid/invalid' };
		const { error, cliniko } = await download([whole], record);

		expect(error?.message).toContain('Cliniko could not read the file of attachment 77');
		expect(error?.description).toContain('Upload the right file');
		expect(cliniko.sent).toEqual([]);
	});
});

describe('The content of an attachment', () => {
	const pathFor = async (self: unknown) => {
		const record = { ...processedRecord('77'), content: { links: { self } } as IDataObject };
		return (await download([whole], record)).cliniko.sent[0]!.options.url;
	};
	const own = 'https://api.au1.cliniko.com/v1/patient_attachments/77';

	it.each([`${own}/content`, `${own}/content/2`, `${own}/file-1.v2`])(
		'comes from where the record says it is: %s',
		async (address) => {
			expect(await pathFor(address)).toBe(address);
		},
	);

	it.each([
		['on another host', 'https://evil.example/v1/patient_attachments/77/content'],
		['on a host that begins alike', 'https://api.au1.cliniko.com.evil.example/v1/x'],
		['on another shard', 'https://api.uk1.cliniko.com/v1/patient_attachments/77/content'],
		['of http', 'http://api.au1.cliniko.com/v1/patient_attachments/77/content'],
		['of another attachment', 'https://api.au1.cliniko.com/v1/patient_attachments/78/content'],
		['of one that begins alike', 'https://api.au1.cliniko.com/v1/patient_attachments/771/content'],
		['the record itself', own],
		['above it', `${own}/../78/content`],
		['with a query', `${own}/content?download=1`],
		['with an encoded path', `${own}/%2e%2e/78`],
		['with white space', `${own}/content\nHost: evil.example`],
		['no text', 12],
		['nothing', undefined],
	])('is at its usual place where the record’s address is %s', async (_, address) => {
		expect(await pathFor(address)).toBe(`${own}/content`);
	});

	it.each([
		['no content', { content: null }],
		['no links', { content: {} }],
		['links that are none', { content: { links: null } }],
	])('is at its usual place where the record has %s', async (_, more) => {
		const { cliniko } = await download([whole], { ...processedRecord('77'), ...more });

		expect(cliniko.lines).toEqual(['GET /patient_attachments/77/content']);
	});

	it.each([
		[404, 'Cliniko has no file for attachment 77.'],
		[403, 'Could not download attachment 77: the Cliniko user that the API key belongs to'],
		[401, 'Could not download attachment 77: Cliniko refused the API key.'],
	])('is not asked of S3 when Cliniko answers %d', async (status, message) => {
		const { error, cliniko, fetched } = await download([whole], undefined, () => reply(status));

		expect(error?.message).toContain(message);
		expect(error?.httpCode).toBe(status);
		expect(cliniko.sent).toHaveLength(1);
		expect(fetched).toEqual([]);
	});
});

describe('A download', () => {
	const failures: Array<[string, Given]> = [
		['S3 cannot be reached', { unreachable: true }],
		['S3 has a fault', { status: 500, xml: '<Error><Code>InternalError</Code></Error>' }],
		['the address has run out', { status: 403, xml: '<Error><Code>AccessDenied</Code></Error>' }],
		['S3 has no such object yet', { status: 404, xml: '<Error><Code>NoSuchKey</Code></Error>' }],
		['S3 redirects', { status: 307 }],
		['S3 gives a part', { status: 206, chunks: [[0, 1000]] }],
		['the connection breaks in the middle', { chunks: [[0, 400]], breaks: true }],
		['the connection breaks at the end', { chunks: [[0, 1000]], breaks: true }],
		['the file is shorter than its record says', { chunks: [[0, 999]] }],
		['the file is longer than its record says', { chunks: [[0, 1001]] }],
		[
			'less comes than the reply says',
			{ chunks: [[0, 999]], headers: { 'content-length': '1000' } },
		],
		[
			'neither the record nor the reply says what comes',
			{ chunks: [[0, 998]], headers: { 'content-length': '999' } },
		],
		[
			'a page comes in place of the file',
			{
				chunks: [[0, 500]],
				headers: { 'content-length': '500', 'content-type': 'text/html; charset=utf-8' },
			},
		],
	];

	it.each(failures)('is tried again, from a new address, when %s', async (_, failure) => {
		const { data, fetched, took } = await download([failure, whole]);

		expect(data?.data).toBe('try 2');
		expect(fetched.map((address) => new URL(address).pathname)).toEqual(['/1', '/2']);
		expect(took).toBe(SECOND);
	});

	it.each(failures)('is given up after four attempts when %s each time', async (_, failure) => {
		const { error, fetched, took } = await download([failure]);

		expect(error).toBeInstanceOf(ClinikoError);
		expect(error?.message).toContain('attachment 77');
		expect(error?.description).toMatch(/\w+ \w+/);
		expect(fetched).toHaveLength(4);
		expect(took).toBe(7 * SECOND);
	});

	it.each([
		[
			{ status: 403, xml: '<Error><Code>AccessDenied</Code><Message>Expired</Message></Error>' },
			'AccessDenied: Expired.',
		],
		[{ status: 404, xml: '<Error><Code>NoSuchKey</Code></Error>' }, 'NoSuchKey.'],
		[{ status: 502, xml: '<html>Bad gateway</html>' }, 'status 502.'],
		[{ status: 500, xml: '' }, 'status 500.'],
		[{ status: 500, xml: new Error('aborted') }, 'status 500.'],
	])('says what S3 says, or its status: %j', async (failure, words) => {
		const { error } = await download([failure]);

		expect(error?.message).toBe(
			`Cliniko's file store (Amazon S3) did not deliver the file of attachment 77: ${words}`,
		);
		expect(error?.httpCode).toBe(failure.status);
	});

	it.each<[string, Given, string]>([
		[
			'broke',
			{ chunks: [[0, 400]], breaks: true },
			"The connection broke while the file of attachment 77 was downloaded from Cliniko's file store (Amazon S3).",
		],
		[
			'was short',
			{ chunks: [[0, 999]] },
			'The file of attachment 77 did not arrive complete: 999 of 1000 bytes.',
		],
		[
			'was long',
			{
				chunks: [
					[0, 1000],
					[0, 1],
				],
			},
			'The file of attachment 77 did not arrive complete: 1001 of 1000 bytes.',
		],
	])('says what happened to it in the last attempt: it %s', async (_, failure, message) => {
		expect((await download([{ status: 500 }, failure])).error?.message).toBe(message);
	});

	describe('that is whole but not of the size that its record has', () => {
		const served = (bytes: number, type = 'application/pdf'): Given => ({
			chunks: [[0, bytes]],
			headers: { 'content-length': String(bytes), 'content-type': type },
		});

		it.each([0, 999, 1001])(
			'is the file, with a warning, and fetched once: %d bytes',
			async (size) => {
				const { data, warning, fetched } = await download([served(size)]);

				expect(data?.data).toBe('try 1');
				expect(warning).toBe(
					`The file has ${size} bytes, but its record in Cliniko says 1000. It arrived complete; check that it is the right file.`,
				);
				expect(fetched).toHaveLength(1);
			},
		);

		it('may be a page when the record says that it is one', async () => {
			const record = { ...processedRecord('77'), content_type: 'text/html' };

			expect((await download([served(999, 'text/html')], record)).warning).toContain('999 bytes');
		});

		it('has no warning when the sizes agree, whatever else the reply says', async () => {
			const { data, warning } = await download([
				{ chunks: [[0, 1000]], headers: { 'content-length': '700', 'content-type': 'text/html' } },
			]);

			expect(data?.data).toBe('try 1');
			expect(warning).toBeUndefined();
		});

		it('is not whole by the reply alone when the record has no size', async () => {
			const record = { ...processedRecord('77'), size: null };
			const short = { chunks: [[0, 9]], headers: { 'content-length': '10' } } as Given;

			expect((await download([short], record)).error?.message).toContain('9 of 10 bytes');
		});
	});

	it('may come from Cliniko itself, and then S3 is not asked', async () => {
		const direct = { statusCode: 200, headers: {}, body: whole } as never;
		const { data, fetched, cliniko } = await download([], undefined, () => direct);

		expect(data?.data).toBe('try 0');
		expect(fetched).toEqual([]);
		expect(cliniko.sent).toHaveLength(1);
	});

	it('that Cliniko itself sends is requested again when it breaks', async () => {
		const broken: Given = { chunks: [[0, 400]], breaks: true };
		const { data, cliniko } = await download([], undefined, (count) => ({
			statusCode: 200,
			headers: {},
			body: (count === 1 ? broken : whole) as never,
		}));

		expect(data).toBeDefined();
		expect(cliniko.sent).toHaveLength(2);
	});

	it('counts the bytes of each attempt for itself', async () => {
		const broken: Given = { chunks: [[0, 600]], breaks: true };

		expect((await download([broken, whole])).data?.data).toBe('try 2');
		expect((await download([broken, { chunks: [[0, 400]] }])).error?.message).toContain(
			'400 of 1000 bytes',
		);
	});

	it.each([[null], [undefined], ['']])(
		'is whole, whatever comes, when the record has no size: %j',
		async (size) => {
			const record = { ...processedRecord('77'), size: size as never };

			expect((await download([{ chunks: [[0, 5]] }], record)).data).toBeDefined();
		},
	);

	describe.each([[null], [undefined], ['1000']])('of a record whose size is %j', (size) => {
		const record = { ...processedRecord('77'), size: size as never };

		it.each([
			['a page', 'text/html; charset=utf-8'],
			['a message', 'application/json'],
		])('is not %s that comes whole in place of the file', async (_, type) => {
			const page = {
				chunks: [[0, 500]],
				headers: { 'content-length': '500', 'content-type': type },
			} as Given;

			expect((await download([page], record)).error?.message).toBe(
				'Something else arrived instead of the file of attachment 77, such as a web page.',
			);
			expect((await download([page, whole], record)).data?.data).toBe('try 2');
		});

		it('is the file, without a warning', async () => {
			const headers = { 'content-length': '1000', 'content-type': 'application/pdf' };
			const { data, warning } = await download([{ chunks: [[0, 1000]], headers }], record);

			expect(data?.data).toBe('try 1');
			expect(warning).toBeUndefined();
		});
	});

	it('is not whole if it has another size than the record gives as text', async () => {
		const record = { ...processedRecord('77'), size: '1000' };

		expect((await download([{ chunks: [[0, 5]] }], record)).error?.message).toContain(
			'5 of 1000 bytes',
		);
	});

	it('may take any time while it makes progress', async () => {
		const chunks = Array.from({ length: 60 }, (): [number, number] => [59 * SECOND, 1]);
		const { data, took } = await download([{ chunks }], processedRecord('77', 'a.pdf', 60));

		expect(data?.data).toBe('try 1');
		expect(took).toBe(60 * 59 * SECOND);
	});

	it('that stalls for a minute is aborted and tried again', async () => {
		const stalled: Given = {
			chunks: [
				[0, 400],
				[60 * MINUTE, 600],
			],
		};
		const { data, fetched, abortedAt } = await download([stalled, whole]);

		expect(data?.data).toBe('try 2');
		expect(fetched).toHaveLength(2);
		expect(abortedAt[0]).toBe(MINUTE);
	});

	it('tells nobody the address or anything else that was signed', async () => {
		const signed = `<Error><Code>SignatureDoesNotMatch</Code><Message>${SIGNATURE} is not ours</Message></Error>`;
		for (const failure of [{ breaks: true }, { unreachable: true }, { status: 403, xml: signed }]) {
			const { error } = await download([failure as Given]);
			const told = JSON.stringify([error?.message, error?.description, error?.cause, error]);

			expect(told).not.toContain(SIGNATURE);
			expect(told).not.toContain('files.example');
		}
	});

	it.each([
		['first', [], 1, 11],
		['last', [{ status: 500 }, { status: 500 }, { status: 500 }], 4, 11],
	])('ends with the cancellation error in its %s attempt', async (_, before, tries, seconds) => {
		const { error, fetched, took } = await download(
			[...before, { chunks: [[60 * MINUTE, 1000]] }],
			undefined,
			undefined,
			10 * SECOND,
		);

		expect(error?.message).toBe('Canceled.');
		expect(fetched).toHaveLength(tries);
		expect(took).toBe(seconds * SECOND);
	});
});
