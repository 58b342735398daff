import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import { refusal } from '../../../../../nodes/Cliniko/transport/cliniko/refusal.ts';

const purpose = { action: 'look up the patient' };

describe('A refusal by Cliniko', () => {
	it.each([
		[302, 'answered with a redirect, which is not followed', 'a proxy or firewall'],
		[400, 'answered with status 400', 'ask Cliniko support'],
		[401, 'refused the API key', 'another shard than uk2'],
		[403, 'may not do this', 'a Scheduler may not'],
		[404, 'has nothing there', 'deleted or merged'],
		[422, 'did not accept it', 'Change what Cliniko names'],
		[429, '200 requests a minute was still reached', 'a Cliniko user of its own'],
		[500, 'answered with status 500', 'status.cliniko.com'],
		[503, 'answered with status 503', 'has a fault at the moment'],
	])('with status %d says what happened and what to do', (status, message, advice) => {
		const error = refusal(status, undefined, purpose, 'uk2');

		expect(error).toBeInstanceOf(ClinikoError);
		expect(error.message).toContain('Could not look up the patient');
		expect(error.message).toContain(message);
		expect(error.description).toContain(advice);
		expect(error.httpCode).toBe(status);
		expect(error.message).not.toContain('Cliniko says');
	});

	it('names what was not found, and leaves out that Cliniko says the same', () => {
		const error = refusal(
			404,
			{ message: 'The requested resource could not be found' },
			{ ...purpose, notFound: 'Cliniko has no patient with the ID 12.' },
			'uk2',
		);

		expect(error.message).toBe('Cliniko has no patient with the ID 12.');
	});

	it.each([
		[
			'every field that did not pass',
			{
				message: 'Validation Failed',
				errors: { temp_attachment_url: 'is invalid', description: 'is too long' },
			},
			'Validation Failed: temp_attachment_url is invalid, description is too long',
		],
		['the message alone', { message: 'Validation Failed' }, 'Validation Failed'],
		['the fields alone', { errors: { patient_id: 'is invalid' } }, 'patient_id is invalid'],
		[
			'several things about a field',
			{ errors: { description: ['is too long', 'is invalid'] } },
			'description is too long, is invalid',
		],
	])('repeats Cliniko’s own words: %s', (_, body, words) => {
		const error = refusal(422, body, purpose, 'au1');

		expect(error.message).toBe(
			`Could not look up the patient: Cliniko did not accept it. Cliniko says: ${words}`,
		);
	});

	it.each([
		['a sentence', 'Patient is archived'],
		['a list', ['Patient is archived']],
	])('is not spelled out letter by letter when the errors are %s', (_, errors) => {
		// Only the format with fields is documented, and only for 422.
		const { message } = refusal(400, { errors }, purpose, 'au1');

		expect(message).not.toContain('0 P');
	});

	it.each([
		['no object', { errors: 12, message: { text: 'x' } }],
		['empty', { errors: {}, message: '' }],
		['nothing', { errors: null, message: null }],
	])('has a message of its own when Cliniko’s is %s', (_, body) => {
		expect(refusal(400, body as never, purpose, 'au1').message).toBe(
			'Could not look up the patient: Cliniko answered with status 400.',
		);
	});

	it('never repeats the body of a server error, which may contain anything', () => {
		const body = { message: 'undefined method', errors: { line: '12' } };

		expect(refusal(500, body, purpose, 'au1').message).toBe(
			refusal(500, undefined, purpose, 'au1').message,
		);
		expect(refusal(499, body, purpose, 'au1').message).toContain('line 12');
	});

	it('calls fields what people call them', () => {
		const errors = { first_name: "can't be blank", shoe_size: 'is missing' };
		const { message } = refusal(
			422,
			{ errors },
			{ ...purpose, labels: { first_name: 'First Name' } },
			'uk2',
		);

		expect(message).toMatch(/: First Name can't be blank, shoe_size is missing$/);
	});

	it.each([
		'is invalid',
		"can't be blank",
		'can’t be blank',
		'is too long (maximum is 255 characters)',
		'is too short (minimum is 2 characters)',
		'must be a number',
		'must be greater than or equal to 1',
		'has already been taken',
		'is not included in the list',
		'does not exist',
	])('quotes “%s”', (text) => {
		const { message, description } = refusal(422, { errors: { email: text } }, purpose, 'au1');

		expect(message).toContain(`Cliniko says: email ${text}`);
		expect(description).toBe('Change what Cliniko names and run the step again.');
	});

	it.each([
		'has already been taken by Jane Citizen',
		'has already been taken by jane citizen',
		'Jane is invalid',
		'JANE is invalid',
		'“Jane” is invalid',
		'is not jane@mail.example',
		'has already been taken (0412 345 678)',
		'0412345678 is invalid',
		'31.05.1987 is invalid',
		'1987-05-31 is invalid',
		'must be after 31/5/1987',
		'李明 has already been taken',
	])('quotes nothing that may be a name or a value: %s', (text) => {
		const errors = { base: text, email: 'is invalid' };
		const { message, description } = refusal(422, { message: text, errors }, purpose, 'au1');

		expect(message).toBe(
			'Could not look up the patient: Cliniko did not accept it. Cliniko says: base is not accepted, email is invalid',
		);
		expect(description).toMatch(/try the same in Cliniko by hand\.$/);
	});

	it('has no field that is a name', () => {
		const { message } = refusal(422, { errors: { 'Jane Citizen': 'is taken' } }, purpose, 'au1');

		expect(message).toMatch(/Cliniko says: a field is taken$/);
	});

	it('says of a role what it needs, if that is not about files', () => {
		const { description } = refusal(403, undefined, { ...purpose, forbidden: 'Ask.' }, 'uk2');

		expect(description).toBe('Ask.');
	});

	it('cuts what is long to one line', () => {
		const { message } = refusal(
			422,
			{ message: `is\r\n\tnot ${'too '.repeat(400)}` },
			purpose,
			'au1',
		);

		expect(message).toContain('Cliniko says: is not too too too');
		expect(message).toMatch(/too? ?…$/);
		expect(message.length).toBeLessThan(300);
	});
});
