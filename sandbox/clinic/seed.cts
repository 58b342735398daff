import type { Clinic, CustomFieldSection } from './clinic.cts';

/** An administrator's key, for the seeded clinic on au1. */
export const SANDBOX_API_KEY = 'MS0xMDk4NzY1NDMyMTA5ODc2NTAxLXNhbmRib3g-au1';
/** The key of a user without access to files. */
export const SANDBOX_SCHEDULER_API_KEY = 'MS0xMDk4NzY1NDMyMTA5ODc2NTAyLXNhbmRib3g-au1';

export const SANDBOX_USER_ID = '1098765432109876501';
export const SANDBOX_SCHEDULER_USER_ID = '1098765432109876502';

/** Zoë O'Hara, an ordinary patient. */
export const SANDBOX_PATIENT_ID = '1234567890123456781';
/** A second patient, whose id equals the first one's if both are parsed as JavaScript numbers. */
export const SANDBOX_OTHER_PATIENT_ID = '1234567890123456782';
export const SANDBOX_ARCHIVED_PATIENT_ID = '1234567890123456787';
export const SANDBOX_MERGED_PATIENT_ID = '1234567890123456788';

/** What an appointment is with, at and for unless it says otherwise. */
export const SANDBOX_PRACTITIONER_ID = '21';
export const SANDBOX_BUSINESS_ID = '31';
export const SANDBOX_APPOINTMENT_TYPE_ID = '41';

const token = (number: number) => `5b0e7a52-3c1d-4f6a-9b7e-${String(number).padStart(12, '0')}`;

/** The custom fields of the seeded clinic, one of each type and some that are archived. All are made up. */
export const SANDBOX_CUSTOM_FIELDS: CustomFieldSection[] = [
	{
		name: 'Health',
		token: token(1),
		archived: false,
		fields: [
			{
				name: 'Allergies',
				token: token(11),
				type: 'checkboxes',
				archived: false,
				options: [
					{ name: 'Latex', token: token(111), archived: false },
					{ name: 'Penicillin', token: token(112), archived: false },
					{ name: 'Nuts, all kinds', token: token(113), archived: false },
					{ name: 'Iodine', token: token(114), archived: true },
				],
				other: { enabled: true, archived: false },
			},
			{
				name: 'Smoker',
				token: token(12),
				type: 'radiobuttons',
				archived: false,
				options: [
					{ name: 'Yes', token: token(121), archived: false },
					{ name: 'No', token: token(122), archived: false },
					{ name: 'Former', token: token(123), archived: true },
				],
				other: { enabled: false, archived: false },
			},
			{ name: 'Last check-up', token: token(13), type: 'date', archived: false, options: [] },
			{ name: 'Blood group', token: token(14), type: 'text', archived: true, options: [] },
		],
	},
	{
		name: 'About you',
		token: token(2),
		archived: false,
		fields: [
			{ name: 'Health fund', token: token(21), type: 'text', archived: false, options: [] },
			{ name: 'Goals', token: token(22), type: 'paragraph', archived: false, options: [] },
		],
	},
	{
		name: 'Old form',
		token: token(3),
		archived: true,
		fields: [{ name: 'Fax', token: token(31), type: 'text', archived: false, options: [] }],
	},
];

/** Adds the initial users and patients to an empty clinic. All are made up. */
export function seed(clinic: Clinic, shard: string): void {
	const onShard = (key: string) => key.replace(/-au1$/, `-${shard}`);
	const createdAt = Date.UTC(2024, 1, 5, 9, 30);
	clinic.addUser({
		id: SANDBOX_USER_ID,
		apiKey: onShard(SANDBOX_API_KEY),
		firstName: 'Rowan',
		lastName: 'Achterberg',
		email: 'rowan@clinic.example',
		createdAt,
	});
	clinic.addUser({
		id: SANDBOX_SCHEDULER_USER_ID,
		apiKey: onShard(SANDBOX_SCHEDULER_API_KEY),
		role: 'scheduler',
		firstName: 'Imke',
		lastName: 'Sørby',
		email: 'imke@clinic.example',
		createdAt,
	});

	clinic.customFields = structuredClone(SANDBOX_CUSTOM_FIELDS);

	const named = (ids: bigint, ...names: string[]) =>
		names.map((name, at) => ({ id: String(ids + BigInt(at)), name, createdAt }));
	for (const type of named(1_345_678_901_234_567_001n, 'Pensioner', 'Student')) {
		clinic.concessionTypes.set(type.id, type);
	}
	const sources = named(1_345_678_901_234_568_001n, 'Google', 'Contact', 'Word of mouth');
	for (const type of sources) {
		clinic.referralSourceTypes.set(type.id, {
			...type,
			subcategories: type.name === 'Google' ? ['Search', 'Maps'] : [],
		});
	}
	const contacts = [
		{ firstName: 'Noor', lastName: 'Vandersteen', title: 'Dr', type: 'Doctor' as const },
		{ companyName: 'Harbour Insurance', type: '3rd Party Payer' as const },
		{ firstName: 'Ari', lastName: 'Abbott', type: 'Standard' as const },
		{ firstName: 'Gus', lastName: 'Vandersteen', archivedAt: createdAt, type: 'Doctor' as const },
	];
	contacts.forEach((contact, at) => {
		const id = String(1_345_678_901_234_569_001n + BigInt(at));
		clinic.addContact({ id, createdAt, ...contact });
	});

	clinic.addPractitioner({
		id: SANDBOX_PRACTITIONER_ID,
		title: 'Dr',
		firstName: 'Imani',
		lastName: 'Lindqvist',
		displayName: 'Dr Imani Lindqvist',
		createdAt,
	});
	clinic.addBusiness({ id: SANDBOX_BUSINESS_ID, createdAt });
	clinic.addAppointmentType({ id: SANDBOX_APPOINTMENT_TYPE_ID, createdAt });

	const patients: Array<Parameters<Clinic['addPatient']>[0]> = [
		{
			firstName: 'Zoë',
			lastName: "O'Hara",
			dateOfBirth: '1987-05-31',
			email: 'zoe.ohara@mail.example',
			oldReferenceId: 'P-0001',
		},
		{ firstName: 'Zoe', lastName: 'O’Hara', dateOfBirth: '1991-11-02', oldReferenceId: 'P-0002' },
		{
			firstName: 'José María',
			lastName: 'Núñez-Quist',
			preferredFirstName: 'Pepe',
			dateOfBirth: '1954-05-09',
			email: 'pepe+clinic@mail.example',
		},
		{ firstName: 'Łucja', lastName: 'Żak', dateOfBirth: '2015-02-28' },
		{ firstName: 'Björn', lastName: 'Dahl & Søn', email: 'bjorn@mail.example' },
		{
			firstName: '美咲',
			lastName: '田中',
			preferredFirstName: 'Misaki',
			dateOfBirth: '1999-12-31',
		},
		{ firstName: 'Edith', lastName: 'Marrow', archivedAt: Date.UTC(2024, 7, 1, 12) },
		{
			firstName: 'Zoë',
			lastName: "O'Hara (double)",
			archivedAt: Date.UTC(2024, 7, 2, 12),
			mergedWith: SANDBOX_PATIENT_ID,
		},
		{ firstName: 'Ngũgĩ', lastName: "d'Almeida", dateOfBirth: '1972-08-15' },
		{
			firstName: 'יעל',
			lastName: 'כהן',
			dateOfBirth: '1983-10-14',
			email: 'yael@mail.example',
		},
		{
			firstName: 'ليلى',
			lastName: 'الحسيني',
			dateOfBirth: '1968-03-21',
			email: 'layla@mail.example',
		},
	];
	patients.forEach((patient, index) => {
		const at = createdAt + (index + 1) * 86_400_000;
		const id = String(BigInt(SANDBOX_PATIENT_ID) + BigInt(index));
		clinic.addPatient({ id, createdAt: at, updatedAt: at, ...patient });
	});
}
