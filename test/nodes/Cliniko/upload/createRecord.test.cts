import type { IDataObject } from 'n8n-workflow';

import { UnknownOutcome } from '../../../../nodes/Cliniko/transport/cliniko/clinikoApi.ts';
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
	{
		key = 'temp/x/Referral.pdf',
		description = 'Referral',
		attempt = undefined as number | undefined,
	} = {},
) =>
	await createRecord(
		cliniko.api,
		uploadOf({}, { patientId: PATIENT, description }),
		{ url: URL_OF_POST, key, clockAhead: 0 },
		attempt,
	);

/** The result where it is unknown whether there is a record. */
const openOutcome = async (cliniko: FakeCliniko, options = {}) => {
	const outcome = await create(cliniko, options);
	if (outcome instanceof UnknownOutcome) return outcome;
	throw new Error(`Expected an open outcome, got ${JSON.stringify(outcome)}`);
};

const created = (): Answer => reply(201, freshRecord('77', PATIENT));

const uploadUrls = (cliniko: FakeCliniko) => cliniko.sent.map(({ body }) => body?.upload_url);

const notAccepted = (field: string) =>
	reply(422, { message: 'Validation Failed', errors: { [field]: 'is invalid' } });

describe('The record of a patient attachment', () => {
	it('is created for the patient, by an id that is text', async () => {
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

	it('has no description when there is none', async () => {
		const cliniko = new FakeCliniko(created);

		await create(cliniko, { description: '' });

		expect(Object.keys(cliniko.sent[0]?.body ?? {})).toEqual(['patient_id', 'upload_url']);
	});

	describe('is created with the key of the file', () => {
		const key = 'temp/x/Röntgen & Befund.pdf';
		const encoded = 'temp/x/R%C3%B6ntgen%20%26%20Befund.pdf';

		it('as it is', async () => {
			const cliniko = new FakeCliniko(created);

			await create(cliniko, { key });

			expect(uploadUrls(cliniko)).toEqual([URL_OF_POST + key]);
		});

		it.each([
			['422 that names the address', notAccepted('temp_attachment_url')],
			['422 that names it otherwise', notAccepted('upload_url')],
			['422 that names something else', notAccepted('base')],
			['422 without words', reply(422, '')],
			['400', reply(400, '<html>Bad Request</html>')],
			['409', reply(409)],
			['413', reply(413)],
		])('encoded, when Cliniko refuses that with %s', async (_, refusal: Answer) => {
			const cliniko = new FakeCliniko((_sent, count) => (count === 1 ? refusal : created()));

			const record = await create(cliniko, { key });

			expect(record).toMatchObject({ id: '77' });
			expect(uploadUrls(cliniko)).toEqual([URL_OF_POST + key, URL_OF_POST + encoded]);
			expect(cliniko.sent[1]?.body).toMatchObject({
				patient_id: PATIENT,
				description: 'Referral',
			});
		});

		it.each([
			[1, [key, encoded]],
			[2, [encoded, key]],
			[3, [key, encoded]],
		])('in the other form first in every second attempt: attempt %d', async (attempt, keys) => {
			const cliniko = new FakeCliniko((_, count) =>
				count === 1 ? notAccepted('temp_attachment_url') : created(),
			);

			await create(cliniko, { key, attempt });

			expect(uploadUrls(cliniko)).toEqual(keys.map((one) => URL_OF_POST + one));
		});

		it('in both forms and not more often', async () => {
			const cliniko = new FakeCliniko(() => notAccepted('temp_attachment_url'));

			const error = await rejection(create(cliniko, { key }));

			expect(error.message).toContain('temp_attachment_url is invalid');
			expect(cliniko.sent).toHaveLength(2);
		});

		it.each([
			[
				'the first',
				notAccepted('description'),
				notAccepted('upload_url'),
				/description is invalid/,
			],
			['the first', notAccepted('upload_url'), reply(400), /upload_url is invalid/],
			['the first', reply(400), reply(409), /status 400/],
			[
				'the one that names a field',
				reply(400),
				notAccepted('upload_url'),
				/upload_url is invalid/,
			],
			[
				'what kept the second from being looked at',
				notAccepted('upload_url'),
				reply(403),
				/may not/,
			],
		])('in both forms, and shows %s of two refusals', async (_, first, second, message) => {
			const cliniko = new FakeCliniko((_sent, count) => (count === 1 ? first : second));

			expect((await rejection(create(cliniko, { key }))).message).toMatch(message);
			expect(cliniko.sent).toHaveLength(2);
		});

		it.each([
			['there is nothing to encode', { key: 'temp/x/a.pdf' }, notAccepted('temp_attachment_url')],
			['the key is refused', { key }, reply(401)],
			['the user may not', { key }, reply(403)],
		])('once, when %s', async (_, options, answer: Answer) => {
			const cliniko = new FakeCliniko(() => answer);

			await rejection(create(cliniko, options));

			expect(cliniko.sent).toHaveLength(1);
		});

		it.each([
			['it may have run', reply(500, { message: 'upload_url' }), false],
			['a proxy redirects it', reply(302), true],
			['no reply came', new Error('ECONNRESET'), false],
			['a gateway answered', reply(504, { message: 'upload_url' }), false],
		])('once, when %s', async (_, answer: Answer, accepted) => {
			const cliniko = new FakeCliniko(() => answer);

			expect((await openOutcome(cliniko, { key })).accepted).toBe(accepted);
			expect(cliniko.sent).toHaveLength(1);
		});

		it('encoded, of which it is open whether it ran', async () => {
			const cliniko = new FakeCliniko((_, count) =>
				count === 1 ? notAccepted('upload_url') : new Error('ECONNRESET'),
			);

			expect((await openOutcome(cliniko, { key })).accepted).toBe(false);
			expect(cliniko.sent).toHaveLength(2);
		});
	});

	it('is refused with a message that names the file and the patient', async () => {
		const error = await rejection(create(new FakeCliniko(() => notAccepted('description'))));

		expect(error.message).toBe(
			`Could not put the file "Referral.pdf" on the record of patient ${PATIENT}: Cliniko did not accept it. Cliniko says: Validation Failed: description is invalid`,
		);
		expect(error.httpCode).toBe(422);
	});

	it('cannot be created for a patient who does not exist', async () => {
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

		expect(outcome.accepted).toBe(true);
		expect(outcome.error.message).toBe('Cliniko\'s reply has no ID for the file "Referral.pdf".');
		expect(cliniko.sent).toHaveLength(1);
	});
});
