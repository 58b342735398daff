import {
	SANDBOX_ARCHIVED_PATIENT_ID,
	SANDBOX_MERGED_PATIENT_ID,
	SANDBOX_PATIENT_ID,
} from '../../sandbox/sandbox.cts';
import { useSandbox, type Answer } from './client.cts';

const { sandbox, client } = useSandbox();

const create = async (body: unknown): Promise<Answer> =>
	await client.api('/patients', { method: 'POST', body });

const change = async (body: unknown, id = SANDBOX_PATIENT_ID): Promise<Answer> =>
	await client.api(`/patients/${id}`, { method: 'PATCH', body });

const NAMES = { first_name: 'Jane', last_name: 'Citizen' };

/** A value for every field of the reference. */
const EVERYTHING = {
	...NAMES,
	accepted_email_marketing: false,
	accepted_privacy_policy: true,
	address_1: '1 Beach Road',
	address_2: 'Unit 2',
	address_3: 'Rear',
	appointment_notes: 'Needs the ramp',
	city: 'Brighton',
	country: 'Australia',
	date_of_birth: '1987-05-31',
	dva_card_number: 'NX123456A',
	email: 'jane@mail.example',
	emergency_contact: 'Joe, 0400 000 000',
	gender_identity: 'Woman',
	invoice_default_to: 'Jane Citizen',
	invoice_email: 'accounts@mail.example',
	invoice_extra_information: 'Claim 7',
	medicare: '2123456701',
	medicare_reference_number: '1',
	notes: 'Prefers mornings',
	occupation: 'Baker',
	old_reference_id: 'P-9',
	post_code: '3186',
	preferred_first_name: 'Jay',
	pronouns: {
		accusative: 'her',
		nominative: 'she',
		predicative_possessive: 'hers',
		pronominal_possessive: 'her',
		reflexive: 'herself',
	},
	receives_confirmation_emails: true,
	referral_source: 'A friend',
	reminder_type: 'SMS & Email',
	sex: 'Female',
	state: 'VIC',
	time_zone: 'Australia/Melbourne',
	title: 'Ms',
};

describe('A new patient', () => {
	it('has what was sent, an ID, an address and the time', async () => {
		const ids = { concession_type_id: '7', referring_doctor_id: '9' };
		const phones = [{ phone_type: 'Mobile', number: '0412 345 678' }];
		const { status, json, headers } = await create({
			...EVERYTHING,
			...ids,
			patient_phone_numbers: phones,
			unsubscribe_sms_marketing: true,
		});
		expect(status).toBe(201);
		expect(headers.location).toBe(`https://api.au1.cliniko.com/v1/patients/${json.id}`);
		expect(json).toMatchObject({
			...EVERYTHING,
			label: 'Jane Citizen',
			accepted_sms_marketing: false,
			concession_type: { links: { self: expect.stringMatching(/\/concession_types\/7$/) } },
			referring_doctor: { links: { self: expect.stringMatching(/\/contacts\/9$/) } },
			patient_phone_numbers: [{ ...phones[0], normalized_number: '0412345678' }],
			archived_at: null,
		});
		expect(Math.abs(Date.parse(json.created_at) - Date.now())).toBeLessThan(2000);
		expect((await client.api(`/patients/${json.id}`)).json).toEqual(json);
	});

	it('is shown by lists after their lag, and by the own address at once', async () => {
		sandbox.settings.listLagMs = 400;
		const { id } = (await create(NAMES)).json;
		const listed = async () =>
			(await client.api(`/patients?q[]=id:=${id}`)).json.total_entries as number;
		expect(await listed()).toBe(0);
		expect((await client.api(`/patients/${id}`)).status).toBe(200);
		await new Promise((resolve) => setTimeout(resolve, 450));
		expect(await listed()).toBe(1);
	});

	it('may be the second of that name', async () => {
		const [first, second] = [await create(NAMES), await create(NAMES)];
		expect([first.status, second.status]).toEqual([201, 201]);
		expect(first.json.id).not.toBe(second.json.id);
	});
});

describe('What is wrong is said by field: 422', () => {
	it.each<[object, object]>([
		[{ first_name: undefined }, { first_name: "can't be blank" }],
		[
			{ first_name: ' ', last_name: null },
			{ first_name: "can't be blank", last_name: "can't be blank" },
		],
		[{ last_name: 'x'.repeat(256) }, { last_name: 'is too long (maximum is 255 characters)' }],
		[{ notes: 7 }, { notes: 'must be a string' }],
		[{ email: 'jane at home' }, { email: 'is invalid' }],
		[{ date_of_birth: '31/05/1987' }, { date_of_birth: 'is not a valid date' }],
		[{ date_of_birth: '1987-02-30' }, { date_of_birth: 'is not a valid date' }],
		[{ reminder_type: 'Fax' }, { reminder_type: 'is not included in the list' }],
		[{ dva_card_number: 'AB12' }, { dva_card_number: 'is invalid' }],
		[{ accepted_privacy_policy: 'yes' }, { accepted_privacy_policy: 'must be a boolean' }],
		[{ pronouns: { nominative: 'she' } }, { pronouns: 'is invalid' }],
		[{ referring_doctor_id: 9 }, { referring_doctor_id: 'is invalid' }],
		[{ unsubscribe_sms_marketing: null }, { unsubscribe_sms_marketing: "can't be blank" }],
		[{ patient_phone_numbers: 'none' }, { patient_phone_numbers: 'is invalid' }],
		[
			{ patient_phone_numbers: [{ phone_type: 'Pager', number: '1' }] },
			{ patient_phone_numbers: 'is invalid' },
		],
		[
			{ patient_phone_numbers: [{ phone_type: 'Home', number: 'none' }] },
			{ patient_phone_numbers: 'is invalid' },
		],
	])('%j', async (wrong, errors) => {
		const { patients } = sandbox.clinic;
		const before = [...patients.values()].map((patient) => ({ ...patient }));
		const { status, json } = await create({ ...NAMES, ...wrong });
		expect([status, json]).toEqual([422, { message: 'Validation Failed', errors }]);
		expect([...patients.values()]).toEqual(before);
	});

	it('of a change as of a new patient, and nothing is changed then', async () => {
		const before = (await client.api(`/patients/${SANDBOX_PATIENT_ID}`)).json;
		const { status, json } = await change({ city: 'Perth', email: 'x', first_name: '' });
		expect([status, json.errors]).toEqual([
			422,
			{ email: 'is invalid', first_name: "can't be blank" },
		]);
		expect((await client.api(`/patients/${SANDBOX_PATIENT_ID}`)).json).toEqual(before);
	});
});

describe('A change', () => {
	it('touches what it names, null included, and nothing else', async () => {
		const { id } = (await create(EVERYTHING)).json;
		const { status, json } = await change({ city: 'Perth', email: null, nonsense: 1 }, id);
		expect(status).toBe(200);
		expect(json).toMatchObject({ ...EVERYTHING, city: 'Perth', email: null });
		expect((await client.api(`/patients/${id}`)).json).toEqual(json);
	});

	it.each([
		['an archived', SANDBOX_ARCHIVED_PATIENT_ID],
		['a merged', SANDBOX_MERGED_PATIENT_ID],
		['an unknown', '77'],
	])('of %s patient is not possible: 404', async (_, id) => {
		expect((await change({ city: 'Perth' }, id)).status).toBe(404);
		expect(sandbox.clinic.patients.get(id)?.details ?? {}).toEqual({});
	});
});

describe('patchedArrays', () => {
	const numbersAfter = async (...numbers: string[]) => {
		const phones = (all: string[]) => all.map((number) => ({ phone_type: 'Mobile', number }));
		const { id } = (await create({ ...NAMES, patient_phone_numbers: phones(['1', '2']) })).json;
		const { json } = await change({ patient_phone_numbers: phones(numbers) }, id);
		return json.patient_phone_numbers.map(({ number }: { number: string }) => number);
	};

	it('replaced: the array takes the place of the one before', async () => {
		expect(await numbersAfter('2', '3')).toEqual(['2', '3']);
	});

	it('appended: the array is added to the one before', async () => {
		sandbox.settings.patchedArrays = 'appended';
		expect(await numbersAfter('2', '3')).toEqual(['1', '2', '2', '3']);
	});
});

describe('emptyTexts', () => {
	it('null: an empty text empties the field', async () => {
		expect((await change({ email: '' })).json.email).toBeNull();
	});

	it('refused: an empty text is an invalid value', async () => {
		sandbox.settings.emptyTexts = 'refused';
		const { status, json } = await change({ email: '' });
		expect([status, json.errors]).toEqual([422, { email: 'is invalid' }]);
	});
});
