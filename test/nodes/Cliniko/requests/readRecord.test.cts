import { readRecord } from '../../../../nodes/Cliniko/requests/readRecord.ts';
import { FakeCliniko, rejection, reply } from '../connection.cts';

describe('Reading one record', () => {
	it.each([
		['patients', '9223372036854775807'],
		['patient_attachments', '9007199254740993'],
	] as const)('requests it by its exact id, archived or not: %s', async (collection, id) => {
		const cliniko = new FakeCliniko(() => ({ id, archived_at: '2026-03-02T09:00:00Z' }));
		expect(await readRecord(cliniko.api, collection, id)).toEqual({
			id,
			archived_at: '2026-03-02T09:00:00Z',
		});
		expect(cliniko.lines).toEqual([`GET /${collection}/${id}`]);
		expect(cliniko.sent[0]?.filters).toEqual(['archived_at:*']);
	});

	it.each([
		['patients', 'Cliniko has no patient with the ID 12.'],
		['patient_attachments', 'Cliniko has no attachment with the ID 12.'],
	] as const)('says that there is none: %s', async (collection, message) => {
		const { api } = new FakeCliniko(() => reply(404));
		const error = await rejection(readRecord(api, collection, '12'));
		expect(error.message).toBe(message);
		expect(error.description).toContain('Check the ID');
		expect(error.httpCode).toBe(404);
	});

	it.each([
		['patients', 'patient'],
		['patient_attachments', 'attachment'],
	] as const)('says what it could not read: %s', async (collection, noun) => {
		const { api } = new FakeCliniko(() => reply(403));
		expect((await rejection(readRecord(api, collection, '12'))).message).toMatch(
			new RegExp(`^Could not read ${noun} 12: .*may not do this`),
		);
	});

	it.each([[{}], [{ patients: [] }], [{ id: null }], [{ id: '12/13' }], [{ id: '13' }]])(
		'takes no reply for a record that is none: %j',
		async (body) => {
			const { api } = new FakeCliniko(() => body);
			expect((await rejection(readRecord(api, 'patients', '12'))).message).toBe(
				"Could not read patient 12: Cliniko's reply is not the record of that patient.",
			);
		},
	);
});
