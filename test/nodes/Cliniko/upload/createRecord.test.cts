import type { IDataObject } from 'n8n-workflow';
import { MayHaveRun } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
import { createRecord } from '../../../../nodes/Cliniko/upload/createRecord.ts';
import {
	FakeCliniko,
	freshRecord,
	rejection,
	reply,
	uploadOf,
	type Answer,
} from '../connection.cts';

const PATIENT = '9007199254740993';
const URL_OF_POST = 'https://files.s3.amazonaws.com/';

const create = async (
	cliniko: FakeCliniko,
	{ key = 'temp/x/Referral.pdf', description = 'Referral' } = {},
) =>
	await createRecord(cliniko.api, uploadOf({}, { patientId: PATIENT, description }), {
		url: URL_OF_POST,
		key,
		clockAhead: 0,
	});

/** What is known where it cannot be told whether there is a record. */
const openOutcome = async (cliniko: FakeCliniko, options = {}) => {
	const outcome = await create(cliniko, options);
	if (outcome instanceof MayHaveRun) return outcome;
	throw new Error(`Expected an open outcome, got ${JSON.stringify(outcome)}`);
};

const created = (): Answer => reply(201, freshRecord('77', PATIENT));

const uploadUrls = (cliniko: FakeCliniko) => cliniko.sent.map(({ body }) => body?.upload_url);

const notAccepted = (field: string) =>
	reply(422, { message: 'Validation Failed', errors: { [field]: 'is invalid' } });

describe('The record of a patient attachment', () => {
	it('is created for the patient, by an id that is a text', async () => {
		const cliniko = new FakeCliniko(created);

		const record = await create(cliniko);

		expect(record).toEqual(freshRecord('77', PATIENT));
		expect(cliniko.lines).toEqual(['POST /patient_attachments']);
		expect(cliniko.sent[0]?.body).toEqual({
			patient_id: PATIENT,
			upload_url: `${URL_OF_POST}temp/x/Referral.pdf`,
			description: 'Referral',
		});
	});

	it('has no description where there is none', async () => {
		const cliniko = new FakeCliniko(created);

		await create(cliniko, { description: '' });

		expect(Object.keys(cliniko.sent[0]?.body ?? {})).toEqual(['patient_id', 'upload_url']);
	});

	describe('is created with the key of the file', () => {
		const key = 'temp/x/50% #2 & Ü+.pdf';
		const encoded = 'temp/x/50%25%20%232%20%26%20%C3%9C%2B.pdf';

		it('as it is', async () => {
			const cliniko = new FakeCliniko(created);

			await create(cliniko, { key });

			expect(uploadUrls(cliniko)).toEqual([URL_OF_POST + key]);
		});

		it.each(['temp_attachment_url', 'upload_url'])(
			'encoded, where Cliniko does not accept that and names %s',
			async (field) => {
				const cliniko = new FakeCliniko((_, count) =>
					count === 1 ? notAccepted(field) : created(),
				);

				const record = await create(cliniko, { key });

				expect(record).toMatchObject({ id: '77' });
				expect(uploadUrls(cliniko)).toEqual([URL_OF_POST + key, URL_OF_POST + encoded]);
				expect(cliniko.sent[1]?.body).toMatchObject({
					patient_id: PATIENT,
					description: 'Referral',
				});
			},
		);

		it('in both forms and not more often', async () => {
			const cliniko = new FakeCliniko(() => notAccepted('temp_attachment_url'));

			const error = await rejection(create(cliniko, { key }));

			expect(error.message).toContain('temp_attachment_url is invalid');
			expect(cliniko.sent).toHaveLength(2);
		});

		it.each([
			['there is nothing to encode', { key: 'temp/x/a.pdf' }, notAccepted('temp_attachment_url')],
			['it is about something else', { key }, notAccepted('description')],
			['the patient is not there', { key }, reply(404)],
		])('once, where %s', async (_, options, answer: Answer) => {
			const cliniko = new FakeCliniko(() => answer);

			await rejection(create(cliniko, options));

			expect(cliniko.sent).toHaveLength(1);
		});

		it.each([
			['it may have run', reply(500, { message: 'upload_url' }), true],
			['no reply came', new Error('ECONNRESET'), false],
			['a gateway answered', reply(504, { message: 'upload_url' }), false],
		])('once, where %s', async (_, answer: Answer, answered) => {
			const cliniko = new FakeCliniko(() => answer);

			expect((await openOutcome(cliniko, { key })).answered).toBe(answered);
			expect(cliniko.sent).toHaveLength(1);
		});

		it('encoded, of which it is open whether it ran', async () => {
			const cliniko = new FakeCliniko((_, count) =>
				count === 1 ? notAccepted('upload_url') : new Error('ECONNRESET'),
			);

			expect((await openOutcome(cliniko, { key })).answered).toBe(false);
			expect(cliniko.sent).toHaveLength(2);
		});
	});

	it('is refused in words that name the file and the patient', async () => {
		const error = await rejection(create(new FakeCliniko(() => notAccepted('description'))));

		expect(error.message).toBe(
			`Could not put the file "Referral.pdf" on the record of patient ${PATIENT}: Cliniko did not accept it. Cliniko says: Validation Failed: description is invalid`,
		);
		expect(error.httpCode).toBe(422);
	});

	it('cannot be created for a patient who is not there', async () => {
		const error = await rejection(create(new FakeCliniko(() => reply(404))));

		expect(error.message).toBe(`Cliniko has no patient with the ID ${PATIENT}.`);
	});

	it.each([
		['without a patient', { id: '77' }],
		['with a patient without a link', { id: '77', patient: {} }],
	])('%s is taken as it is', async (_, body: IDataObject) => {
		expect(await create(new FakeCliniko(() => reply(201, body)))).toEqual(body);
	});

	it.each([
		['no id', {}],
		['an id that is no whole number', { id: 7.5 }],
		['an id that is null', { id: null }],
		['an id that does not fit into a path', { id: '../patients/1' }],
	])('with %s is not relied on, and not created again', async (_, body) => {
		const cliniko = new FakeCliniko(() => reply(201, body));

		const outcome = await openOutcome(cliniko);

		expect(outcome.answered).toBe(true);
		expect(outcome.error.message).toBe('Cliniko\'s reply has no ID for the file "Referral.pdf".');
		expect(cliniko.sent).toHaveLength(1);
	});
});
