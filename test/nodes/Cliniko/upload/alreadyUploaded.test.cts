import type { IDataObject } from 'n8n-workflow';
import { AlreadyUploaded } from '../../../../nodes/Cliniko/upload/alreadyUploaded.ts';
import type { PatientAttachment } from '../../../../nodes/Cliniko/records/patientAttachment.ts';
import { Processing } from '../../../../nodes/Cliniko/upload/processing.ts';
import type { Upload } from '../../../../nodes/Cliniko/upload/uploadFile.ts';
import {
	FakeCliniko,
	freshRecord,
	processedRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
	type Sent,
} from '../connection.cts';

const uploadNamed = (name = 'Referral.pdf', size = 1000, patientId = '1'): Upload =>
	uploadOf({ name, size }, { patientId });

describe('A file that may be on the record already', () => {
	afterEach(() => jest.restoreAllMocks());

	/** A Cliniko that has `records`, and a run with a `send` that is counted. */
	const run = (records: IDataObject[], answer?: (sent: Sent) => Answer | undefined) => {
		const cliniko = new FakeCliniko(
			(sent) => answer?.(sent) ?? ({ patient_attachments: records } as Answer),
		);
		const clock = cliniko.clock.rule();
		const already = new AlreadyUploaded(
			cliniko.api,
			new Processing(cliniko.api, clock.pause, 60_000, 'error'),
		);
		const send = jest.fn(
			async (): Promise<PatientAttachment> => await Promise.resolve(freshRecord('new')),
		);
		const unlessThere = async (upload: Upload = uploadNamed()) =>
			(await already.unlessThere(upload, send)).id;
		return { cliniko, send, unlessThere };
	};

	it('is not sent where the patient has one of the same name and size', async () => {
		const { cliniko, send, unlessThere } = run([
			processedRecord('1', 'Other.pdf'),
			processedRecord('2', 'Referral.pdf'),
		]);

		expect(await unlessThere()).toBe('2');
		expect(send).not.toHaveBeenCalled();
		expect(cliniko.sent.map(({ path, filters }) => [path, ...filters])).toEqual([
			['/patient_attachments', 'patient_id:=1'],
		]);
	});

	it.each([
		['nothing', []],
		['another name', [processedRecord('1', 'Other.pdf')]],
		['the name in other letters', [processedRecord('1', 'referral.PDF')]],
		['another size', [processedRecord('1', 'Referral.pdf', 1001)]],
		['one without a size', [{ ...processedRecord('1'), size: null }]],
		[
			'one that Cliniko could not read',
			[{ ...processedRecord('1'), content_type: 'invalid/invalid' }],
		],
		['rows that are no records', [{ filename: 'Referral.pdf', size: 1000 }]],
	])('is sent where the patient has %s', async (_, records) => {
		const { send, unlessThere } = run(records as IDataObject[]);

		expect(await unlessThere()).toBe('new');
		expect(send).toHaveBeenCalledTimes(1);
	});

	it('is found by a name whose letters are written in another form', async () => {
		const { unlessThere } = run([processedRecord('1', 'Mu\u0308ller.pdf')]);

		expect(await unlessThere(uploadNamed('M\u00fcller.pdf'))).toBe('1');
	});

	it('is found by a size that came as text', async () => {
		const { unlessThere } = run([{ ...processedRecord('1'), size: '1000' }]);

		expect(await unlessThere()).toBe('1');
	});

	it('is found on a later page of the list', async () => {
		const { unlessThere } = run([], ({ query }) =>
			query.get('page') === '1'
				? ({
						patient_attachments: [processedRecord('1', 'Other.pdf')],
						links: { next: 'page 2' },
					} as Answer)
				: ({ patient_attachments: [processedRecord('2')] } as Answer),
		);

		expect(await unlessThere()).toBe('2');
	});

	it('is looked for once in each patient’s list', async () => {
		const { cliniko, send, unlessThere } = run([]);

		await Promise.all([
			unlessThere(uploadNamed('a.pdf')),
			unlessThere(uploadNamed('b.pdf')),
			unlessThere(uploadNamed('a.pdf', 1000, '2')),
		]);
		await unlessThere(uploadNamed('c.pdf'));

		expect(send).toHaveBeenCalledTimes(4);
		expect(cliniko.sent.map(({ filters }) => filters)).toEqual([
			['patient_id:=1'],
			['patient_id:=2'],
		]);
	});

	it('is waited for where it has only just been uploaded and has no name yet', async () => {
		const { cliniko, send, unlessThere } = run([freshRecord('1')], ({ path }) =>
			path === '/patient_attachments/1' ? processedRecord('1') : undefined,
		);

		expect(await unlessThere()).toBe('1');
		expect(send).not.toHaveBeenCalled();
		expect(cliniko.lines).toEqual(['GET /patient_attachments', 'GET /patient_attachments/1']);
	});

	it.each([
		['is gone', reply(404)],
		['is never processed', freshRecord('1')],
		['cannot be read', { ...processedRecord('1'), content_type: 'invalid/invalid' }],
	])('is sent where the one that has no name yet %s', async (_, later: Answer) => {
		const { unlessThere } = run([freshRecord('1')], ({ path }) =>
			path === '/patient_attachments/1' ? later : undefined,
		);

		expect(await unlessThere()).toBe('new');
	});

	it('is looked for again after the list could not be had', async () => {
		let allowed = false;
		const { unlessThere } = run([processedRecord('1')], () => (allowed ? undefined : reply(403)));

		await rejection(unlessThere());
		allowed = true;

		expect(await unlessThere()).toBe('1');
	});

	it('does not wait for records of which Cliniko does not say that it is still at work', async () => {
		const { processing_completed: _, ...silent } = freshRecord('1');
		const { cliniko, unlessThere } = run([silent]);

		expect(await unlessThere()).toBe('new');
		expect(cliniko.lines).toEqual(['GET /patient_attachments']);
	});

	it('is not sent where the list cannot be had', async () => {
		const { send, unlessThere } = run([], () => reply(403));

		const error = await rejection(unlessThere());

		expect(error.message).toContain('Could not see which files patient 1 has');
		expect(send).not.toHaveBeenCalled();
	});

	describe('and is there twice in one run', () => {
		it('is sent once, at the same time', async () => {
			const { send, unlessThere } = run([]);

			expect(await Promise.all([unlessThere(), unlessThere()])).toEqual(['new', 'new']);
			expect(send).toHaveBeenCalledTimes(1);
		});

		it('is sent once, one after the other', async () => {
			const { send, unlessThere } = run([]);

			expect([await unlessThere(), await unlessThere()]).toEqual(['new', 'new']);
			expect(send).toHaveBeenCalledTimes(1);
		});

		it.each([
			['names', uploadNamed('b.pdf')],
			['sizes', uploadNamed('Referral.pdf', 1001)],
			['patients', uploadNamed('Referral.pdf', 1000, '2')],
		])('is sent twice where the %s differ', async (_, other) => {
			const { send, unlessThere } = run([]);

			await Promise.all([unlessThere(), unlessThere(other)]);

			expect(send).toHaveBeenCalledTimes(2);
		});

		it('is tried for itself where the first one failed before', async () => {
			const { send, unlessThere } = run([]);
			send.mockRejectedValueOnce(new Error('S3 has a fault'));

			expect((await rejection(unlessThere())).message).toBe('S3 has a fault');
			expect(await unlessThere()).toBe('new');
		});

		it('is tried for itself where the first one fails meanwhile', async () => {
			const { send, unlessThere } = run([]);
			send.mockRejectedValueOnce(new Error('S3 has a fault'));

			const results = await Promise.allSettled([unlessThere(), unlessThere(), unlessThere()]);

			expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
			expect(send).toHaveBeenCalledTimes(2);
		});
	});
});
