import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { archiveRecord } from '../../../../nodes/Cliniko/requests/archiveRecord.ts';
import {
	FakeCliniko,
	processedRecord,
	rejection,
	reply,
	type Answer,
	type Sent,
} from '../connection.cts';

const done = reply(204, '');
const archived = { ...processedRecord('77'), archived_at: '2026-03-02T09:00:00Z' };
const open = { ...processedRecord('77'), archived_at: null };
const lost = () => new Error('ECONNRESET');

/** POST and GET requests each get these replies in turn, and then the last one again. */
const archive = (orders: Answer[], records: Answer[] = []) => {
	const count = { POST: 0, GET: 0 };
	const cliniko = new FakeCliniko(({ method }: Sent) => {
		const answers = method === 'POST' ? orders : records;
		const at = Math.min(count[method as 'POST']++, answers.length - 1);
		return answers[at]!;
	});
	return {
		cliniko,
		result: archiveRecord(cliniko.api, cliniko.clock.pause, 'patient_attachments', '77'),
	};
};

const ORDER = 'POST /patient_attachments/77/archive';
const READ = 'GET /patient_attachments/77';

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));

afterEach(() => jest.restoreAllMocks());

describe('Archiving an attachment', () => {
	it('is one request, with nothing in it', async () => {
		const { cliniko, result } = archive([done]);
		await result;

		expect(cliniko.lines).toEqual([ORDER]);
		expect(cliniko.sent[0]!.options.body).toBeUndefined();
	});

	it.each([
		['no reply came', lost()],
		['Cliniko had a fault', reply(500)],
		['a gateway gave up', reply(504, '<html>')],
	])('is done when %s and the record is archived', async (_, answer) => {
		const { cliniko, result } = archive([answer], [archived]);
		await result;

		expect(cliniko.lines).toEqual([ORDER, READ]);
		// Cliniko includes archived records only if a filter mentions them.
		expect(cliniko.sent[1]!.filters).toEqual(['archived_at:*']);
	});

	it.each([
		['no reply came', lost()],
		['Cliniko had a fault', reply(500)],
	])('is requested again when %s and the record is not archived', async (_, answer) => {
		const { cliniko, result } = archive([answer, done], [open]);
		await result;

		expect(cliniko.lines).toEqual([ORDER, READ, ORDER]);
		expect(cliniko.clock.pauses).toEqual([1000]);
	});

	it('is given up after three attempts, with Cliniko’s last error', async () => {
		const { cliniko, result } = archive([reply(500), reply(500), reply(503)], [open]);
		const error = await rejection(result);

		expect(error.message).toBe(
			'Could not archive attachment 77: Cliniko answered with status 503.',
		);
		expect(error.httpCode).toBe(503);
		expect(cliniko.lines).toEqual([ORDER, READ, ORDER, READ, ORDER, READ]);
		expect(cliniko.clock.pauses).toEqual([1000, 2000]);
	});

	it.each([404, 409, 422])(
		'is done when Cliniko answers %d to one that is archived already',
		async (status) => {
			const { cliniko, result } = archive([reply(status)], [archived]);
			await result;

			expect(cliniko.lines).toEqual([ORDER, READ]);
		},
	);

	it.each([
		[404, 'Cliniko has no attachment with the ID 77.'],
		[409, 'Could not archive attachment 77: Cliniko answered with status 409. Cliniko says: No'],
		[422, 'Could not archive attachment 77: Cliniko did not accept it. Cliniko says: No'],
	])('is refused when Cliniko answers %d to one that is not', async (status, message) => {
		const { cliniko, result } = archive([reply(status, { message: 'No' })], [open]);
		const error = await rejection(result);

		expect(error.message).toBe(message);
		expect(error.httpCode).toBe(status);
		expect(cliniko.lines).toEqual([ORDER, READ]);
	});

	it('is refused when there is no such attachment, archived or not', async () => {
		const { result } = archive([reply(404)], [reply(404)]);

		expect((await rejection(result)).message).toBe('Cliniko has no attachment with the ID 77.');
	});

	it.each([400, 401, 403, 302])('is refused at once when Cliniko answers %d', async (status) => {
		const { cliniko, result } = archive([reply(status)], [archived]);

		expect((await rejection(result)).httpCode).toBe(status);
		expect(cliniko.lines).toEqual([ORDER]);
	});

	it('is requested again at Cliniko’s limit: then it was not done', async () => {
		const { cliniko, result } = archive([reply(429, '', { 'retry-after': '3' }), done]);
		await result;

		expect(cliniko.lines).toEqual([ORDER, ORDER]);
	});

	it('says that the outcome is unknown when the record cannot be read either', async () => {
		const { result } = archive([lost()], [reply(503)]);
		const error = await rejection(result);

		expect(error.message).toMatch(/whether attachment 77 is archived.*status 503/);
		expect(error.httpCode).toBe(503);
	});

	it('ends with the cancellation error', async () => {
		let asked = 0;
		const cancelled = new ClinikoError('The execution was canceled.', 'Nothing more was sent.');
		const cliniko = new FakeCliniko(() => lost(), {
			assertNotCancelled: () => {
				if (asked++ >= 2) throw cancelled;
			},
		});
		const result = archiveRecord(cliniko.api, cliniko.clock.pause, 'patient_attachments', '77');

		expect((await rejection(result)).message).toBe('The execution was canceled.');
	});
});
