import type { IDataObject, IHttpRequestOptions } from 'n8n-workflow';

import { ClinikoError, WrongPatient } from '../../../../nodes/Cliniko/errors.ts';
import { RecordCreator } from '../../../../nodes/Cliniko/once/createRecordOnce.ts';
import { UploadMemory } from '../../../../nodes/Cliniko/once/uploadMemory.ts';
import { Limiter } from '../../../../nodes/Cliniko/transport/limiter.ts';
import { AlreadyUploaded } from '../../../../nodes/Cliniko/upload/alreadyUploaded.ts';
import { NotLinked } from '../../../../nodes/Cliniko/upload/notLinked.ts';
import { Processing } from '../../../../nodes/Cliniko/upload/processing.ts';
import { uploadFile } from '../../../../nodes/Cliniko/upload/uploadFile.ts';
import {
	digestOf,
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
	type Sent,
} from '../connection.cts';

const PATIENT = '9007199254740993';

const upload = uploadOf(
	{
		size: 4,
		open: async () => await Promise.resolve(Buffer.from('%PDF')),
	},
	{ patientId: PATIENT, description: 'Referral' },
);

let starts = 0;

const STORED = reply(201, '<PostResponse><Key>temp/x/Referral.pdf</Key></PostResponse>');

const PRESIGN = `GET /patients/${PATIENT}/attachment_presigned_post`;
const SEND = 'POST https://files.s3.amazonaws.com/';
const CREATE = 'POST /patient_attachments';
const LOOK = 'GET /patient_attachments';
const LOOKS = Array<string>(5).fill(LOOK);

describe('An upload', () => {
	afterEach(() => jest.restoreAllMocks());

	/** Uploads the file with the memory of an earlier attempt. */
	const start = ({
		s3 = STORED as Answer,
		remembered = {} as IDataObject,
		skipIfThere = false,
		caseId = undefined as string | undefined,
		linkError = undefined as Error | undefined,
		answer = (() => undefined) as (sent: Sent) => Answer | undefined,
	} = {}) => {
		const log: string[] = [];
		// The cache for "Skip" lasts for the whole process, so each upload has its own bytes.
		const own = { ...upload, skipIfThere, caseId, file: { ...upload.file } };
		const bytes = digestOf(`start ${++starts}`);
		own.file.digest = async () => await Promise.resolve(bytes);
		const context: IDataObject = { uploads: remembered };
		const memory = new UploadMemory(context, 0);
		const cliniko = new FakeCliniko((sent) => {
			log.push(`${sent.method} ${sent.path}`);
			const given = answer(sent);
			if (given) return given;
			if (sent.method === 'POST') return reply(201, freshRecord('77', PATIENT));
			return { url: 'https://files.s3.amazonaws.com', fields: { key: 'temp/x/${filename}' } };
		});
		const { pause } = cliniko.clock;
		const sendToS3 = async ({ method, url }: IHttpRequestOptions) => {
			log.push(`${method} ${url}`);
			if (s3 instanceof Error) throw s3;
			return await Promise.resolve(s3 as ReturnType<typeof reply>);
		};
		const search = {
			api: cliniko.api,
			pause,
			digestOf: async ({ id }: { id: string }) =>
				await Promise.resolve(id === '77' ? bytes : digestOf('another')),
			ownUser: async () => await Promise.resolve(undefined),
		};
		const creation = new RecordCreator(search, memory);
		const alreadyUploaded = new AlreadyUploaded({
			...search,
			digestOf: async (record) => ({ sha256: await search.digestOf(record) }),
		});
		const result = uploadFile(
			{
				api: cliniko.api,
				sendToS3,
				pause,
				limiter: new Limiter(1),
				streamWeight: 1,
				memory,
				recordCreator: creation,
				alreadyUploaded,
				processing: new Processing(cliniko.api, pause, 0, 'continue'),
				linkToCase: async (...link) => {
					log.push(`link ${link.join(' to ')}`);
					await (linkError ? Promise.reject(linkError) : Promise.resolve());
				},
			},
			own,
		);
		return { log, cliniko, memory, result };
	};

	it('is linked to its case once it is on the record', async () => {
		const { log, result } = start({ caseId: '5' });
		await result;

		expect(log.slice(-2)).toEqual([CREATE, 'link 5 to 77']);
	});

	it('without a case is linked to none', async () => {
		const { log, result } = start();
		await result;

		expect(log.filter((line) => line.startsWith('link'))).toEqual([]);
	});

	it('that cannot be linked is stored all the same, which the error says', async () => {
		const linkError = new ClinikoError('Cliniko answered with status 503.', 'Run it again.', 503);
		const { memory, result } = start({ caseId: '5', linkError });
		const error = await rejection(result);

		expect(error).toBeInstanceOf(NotLinked);
		expect(error.message).toBe(
			'The file "Referral.pdf" is stored, as attachment 77, but may not be linked to case 5. Cliniko answered with status 503.',
		);
		expect(error.description).toMatch(/Do not upload it again.*Retry on this execution/);
		expect(error.description).not.toMatch(/Run it again/);
		expect(error).toMatchObject({ record: { id: '77' }, httpCode: undefined });
		expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
	});

	it.each([401, 403])('says why the key may not link it: %i', async (status) => {
		const linkError = new ClinikoError('The role may not do this.', 'Change the role.', status);
		const error = await rejection(start({ caseId: '5', linkError }).result);

		expect(error.description).toMatch(/Change the role\.$/);
	});

	it('that is stored from an earlier try is only linked', async () => {
		const { log, result } = start({
			caseId: '5',
			remembered: { [upload.identity]: { attachment: '77' } },
			answer: () => reply(200, processedRecord('77', 'Referral.pdf', 1000, PATIENT)),
		});
		await result;

		expect(log[0]).toBe('GET /patient_attachments/77');
		expect(log[1]).toBe('link 5 to 77');
		expect(log.join()).not.toContain('POST');
	});

	it('that is on another patient’s record is not linked', async () => {
		const { log, result } = start({
			caseId: '5',
			answer: ({ path, method }) =>
				method === 'POST' && path === '/patient_attachments'
					? reply(201, freshRecord('77', '2'))
					: undefined,
		});

		expect(await rejection(result)).toBeInstanceOf(WrongPatient);
		expect(log.join()).not.toContain('link');
	});

	it('that lands on another patient’s record is an alarm, in every further try as well', async () => {
		const first = start({
			answer: ({ path, method }) =>
				method === 'POST' && path === '/patient_attachments'
					? reply(201, freshRecord('77', '2'))
					: undefined,
		});
		const error = await rejection(first.result);
		const remembered = { [upload.identity]: first.memory.recall(upload.identity)! };
		const second = start({ remembered, answer: () => reply(200, freshRecord('77', '2')) });
		const again = await rejection(second.result);

		for (const { message, description } of [error, again]) {
			expect(message).toContain(`on the record of patient 2 instead of ${PATIENT}`);
			expect(message).toContain('attachment 77');
			expect(description).toContain('at once');
		}
		expect(second.log).toEqual(['GET /patient_attachments/77']);
	});

	it('takes three steps, of which the first and the last are for the same patient', async () => {
		const { log, cliniko, result } = start();

		expect(await result).toEqual(freshRecord('77', PATIENT));
		expect(log).toEqual([PRESIGN, SEND, CREATE]);
		expect(cliniko.sent[1]?.body).toEqual({
			patient_id: PATIENT,
			upload_url: 'https://files.s3.amazonaws.com/temp/x/Referral.pdf',
			description: 'Referral',
		});
	});

	it('is remembered with its attachment', async () => {
		const { memory, result } = start();

		await result;

		expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
	});

	it('creates no record for a file that S3 did not take', async () => {
		const { log, memory, result } = start({
			s3: reply(403, '<Error><Code>AccessDenied</Code></Error>'),
		});

		expect((await rejection(result)).message).toContain('AccessDenied');
		expect(log).toEqual([PRESIGN, SEND]);
		expect(memory.recall(upload.identity)).toBeUndefined();
	});

	it('sends the file again when the connection to S3 dropped, with the same presigned post', async () => {
		const { log, result } = start({ s3: new Error('ECONNRESET') });

		await rejection(result);

		expect(log).toEqual([PRESIGN, SEND, SEND, SEND, SEND]);
	});

	it('searches for the record when the connection dropped during its creation', async () => {
		const { log, result } = start({
			answer: ({ method, path }) => {
				if (method === 'POST') return new Error('ECONNRESET');
				return path === '/patient_attachments'
					? { patient_attachments: [{ ...recordOf('77'), description: 'Referral' }] }
					: undefined;
			},
		});

		expect((await result).id).toBe('77');
		expect(log).toEqual([PRESIGN, SEND, CREATE, LOOK]);
	});

	it.each([
		['like ours', '2026-03-02T09:00:00Z', 'Mon, 02 Mar 2026 09:00:00 GMT', '2026-03-02T08:55:00'],
		['ahead', '2026-03-02T09:00:00Z', 'Mon, 02 Mar 2026 10:00:00 GMT', '2026-03-02T08:55:00'],
		['behind', '2026-03-02T09:00:00Z', 'Mon, 02 Mar 2026 08:50:00 GMT', '2026-03-02T08:45:00'],
		['not to be known', '2026-03-02T08:50:02Z', '', '2026-03-02T07:55:00'],
		['no time', '2026-03-02T08:50:02Z', 'today', '2026-03-02T07:55:00'],
	])(
		'is searched for from before it when Cliniko’s clock is %s',
		async (_, created, date, from) => {
			const rows = [{ ...recordOf('77'), created_at: created }];
			const { cliniko, result } = start({
				answer: ({ method, path }) => {
					if (method === 'POST') return new Error('ECONNRESET');
					if (path === '/patient_attachments') return { patient_attachments: rows };
					const post = { url: 'https://files.s3.amazonaws.com', fields: { key: 'x/${filename}' } };
					return reply(200, post, { date });
				},
				s3: reply(201, '<PostResponse><Key>x/Referral.pdf</Key></PostResponse>'),
			});

			expect((await result).id).toBe('77');
			const { filters } = cliniko.sent.at(-1)!;
			expect(filters.some((one) => one.startsWith(`created_at:>=${from}`))).toBe(true);
		},
	);

	const recordOf = (id: string) => processedRecord(id, 'Referral.pdf', 4, PATIENT);

	describe('that an earlier attempt has done', () => {
		const remembered = { [upload.identity]: { attachment: '77' } };

		it('is read and not done again', async () => {
			const { log, result } = start({ remembered, answer: () => recordOf('77') });

			expect(await result).toEqual(recordOf('77'));
			expect(log).toEqual(['GET /patient_attachments/77']);
		});

		it('is not done again when it is not shown for a minute: a person may have deleted it', async () => {
			const { log, cliniko, memory, result } = start({ remembered, answer: () => reply(404) });
			const begin = cliniko.clock.time;

			const error = await rejection(result);
			expect(error.message).toBe(
				'The file "Referral.pdf" was stored in an earlier try of this execution, as attachment 77, and Cliniko does not show that: it may have been deleted, or not be shown yet.',
			);
			expect(error.description).toContain('Look at the patient’s files in Cliniko before');
			expect(error.httpCode).toBe(404);
			expect(log).toEqual(Array(6).fill('GET /patient_attachments/77'));
			expect(cliniko.clock.time - begin).toBe(60_000);
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});

		it('is read when it is shown after most of a minute', async () => {
			let asked = 0;
			const answer = () => (++asked < 6 ? reply(404) : recordOf('77'));
			const { result } = start({ remembered, answer });

			expect(await result).toEqual(recordOf('77'));
		});

		it('is not done again when it is archived', async () => {
			const archived = { ...recordOf('77'), archived_at: '2026-03-02T09:01:00Z' };
			const { log, result } = start({ remembered, answer: () => archived });

			expect((await rejection(result)).message).toContain(
				'as attachment 77, and that is archived.',
			);
			expect(log).toEqual(['GET /patient_attachments/77']);
		});

		it.each([
			['cannot be read', reply(503), 'Could not read attachment 77, which the file'],
			['is no record', { patient: {} }, "Cliniko's reply is not the record of that attachment"],
		])('is not done again though it %s', async (_, answer, words) => {
			const { log, result } = start({ remembered, answer: () => answer as Answer });

			const error = await rejection(result);
			expect(error.message).toContain(words);
			expect(error.message).toContain('"Referral.pdf"');
			expect(new Set(log)).toEqual(new Set(['GET /patient_attachments/77']));
		});

		it('is done again for another file', async () => {
			const { log, result } = start({
				remembered: { 'identity of another': { attachment: '76' } },
			});

			await result;

			expect(log).toEqual([PRESIGN, SEND, CREATE]);
		});
	});

	describe('with “If Already Uploaded: Skip”', () => {
		const list =
			(...answers: IDataObject[][]) =>
			({ method, path }: Sent) =>
				method === 'GET' && path === '/patient_attachments'
					? ({ patient_attachments: answers.shift() ?? [] } as Answer)
					: undefined;

		it('is not sent when it is on the record', async () => {
			const { log, memory, result } = start({ skipIfThere: true, answer: list([recordOf('77')]) });

			expect((await result).id).toBe('77');
			expect(log).toEqual([LOOK]);
			expect(memory.recall(upload.identity)).toBeUndefined();
		});

		it('creates no record when another process has stored it while it was sent', async () => {
			const answer = list([], [recordOf('77')]);
			const { log, result } = start({ skipIfThere: true, answer });

			expect((await result).id).toBe('77');
			expect(log).toEqual([LOOK, PRESIGN, SEND, LOOK]);
		});

		it('is sent when another one has its name and size', async () => {
			const answer = list([recordOf('76')], [recordOf('76')]);
			const { log, result } = start({ skipIfThere: true, answer });

			expect((await result).id).toBe('77');
			expect(log).toEqual([LOOK, PRESIGN, SEND, LOOK, CREATE]);
		});

		it('is the one of an earlier attempt, whatever else is on the record', async () => {
			const remembered = { [upload.identity]: { attachment: '77' } };
			const answer = ({ path }: Sent) =>
				path === '/patient_attachments/77' ? recordOf('77') : undefined;
			const { log, result } = start({ skipIfThere: true, remembered, answer });

			expect((await result).id).toBe('77');
			expect(log).toEqual(['GET /patient_attachments/77']);
		});
	});

	describe('whose outcome an earlier attempt left unknown', () => {
		const since = Date.parse('2026-03-02T08:55:00.700Z');
		const remembered = { [upload.identity]: { since } };
		const rows =
			(...records: IDataObject[]) =>
			({ method, path }: Sent) =>
				method === 'GET' && path === '/patient_attachments'
					? ({ patient_attachments: records } as Answer)
					: undefined;

		it('is searched for since then, and not done again when it is found', async () => {
			const { log, cliniko, memory, result } = start({
				remembered: { ...remembered },
				answer: rows({ ...recordOf('77'), description: 'Referral' }),
			});

			expect((await result).id).toBe('77');
			expect(log).toEqual([LOOK]);
			expect(cliniko.sent[0]?.filters).toEqual([
				`patient_id:=${PATIENT}`,
				'created_at:>=2026-03-02T08:50:00Z',
				'archived_at:*',
			]);
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});

		it('is done when none is found, after searching for as long as a request may still run', async () => {
			const { log, memory, result } = start({ remembered: { ...remembered }, answer: rows() });

			expect((await result).id).toBe('77');
			expect(log).toEqual([...LOOKS, PRESIGN, SEND, CREATE]);
			expect(memory.recall(upload.identity)).toEqual({ attachment: '77' });
		});

		it('is not done when the records do not show its outcome, and stays open', async () => {
			const { log, memory, result } = start({
				remembered: { ...remembered },
				answer: rows({ ...recordOf('76'), size: 5 }),
			});

			expect((await rejection(result)).message).toContain('It may be attachment 76.');
			expect(log).toEqual(LOOKS);
			expect(memory.recall(upload.identity)).toEqual({ since });
		});

		it('is not done when Cliniko cannot be asked, and stays open', async () => {
			const { log, memory, result } = start({
				remembered: { ...remembered },
				answer: () => reply(401),
			});

			expect((await rejection(result)).httpCode).toBe(401);
			expect(log).toEqual([LOOK]);
			expect(memory.recall(upload.identity)).toEqual({ since });
		});

		it('is not open any more when none is found and S3 does not take the file', async () => {
			const { memory, result } = start({
				remembered: { ...remembered },
				answer: rows(),
				s3: reply(403),
			});

			await rejection(result);

			expect(memory.recall(upload.identity)).toBeUndefined();
		});
	});
});
