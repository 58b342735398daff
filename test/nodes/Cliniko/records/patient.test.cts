import type { IDataObject } from 'n8n-workflow';

import {
	isArchived,
	mergedInto,
	simplifiedPatient,
} from '../../../../nodes/Cliniko/records/patient.ts';

const link = (self: unknown) => ({ links: { self } }) as never;

describe('A patient', () => {
	it('in the simple form has eleven fields, with the phone numbers as a list', () => {
		expect(
			simplifiedPatient({
				id: '9007199254740993',
				label: 'Jane Citizen',
				first_name: 'Jane',
				last_name: 'Citizen',
				preferred_first_name: 'Jay',
				date_of_birth: '1987-05-31',
				email: 'jane@mail.example',
				patient_phone_numbers: [
					{ number: '0491 570 156', normalized_number: '61491570156', phone_type: 'Mobile' },
					{ normalized_number: '61491570157' },
				],
				old_reference_id: 'P-1',
				merged_with_patient: link('https://api.au1.cliniko.com/v1/patients/12'),
				archived_at: '2026-03-02T09:00:00Z',
				created_at: '2026-03-01T09:00:00Z',
				medicare: '1234567890',
			}),
		).toEqual({
			id: '9007199254740993',
			first_name: 'Jane',
			last_name: 'Citizen',
			preferred_first_name: 'Jay',
			date_of_birth: '1987-05-31',
			email: 'jane@mail.example',
			phone_numbers: ['0491 570 156', null],
			old_reference_id: 'P-1',
			merged_with_patient_id: '12',
			archived_at: '2026-03-02T09:00:00Z',
			created_at: '2026-03-01T09:00:00Z',
		});
	});

	it.each([[{}], [{ patient_phone_numbers: null }], [{ patient_phone_numbers: {} }]])(
		'in the simple form has all of them even when the record has nothing but an id: %j',
		(more) => {
			const {
				id,
				phone_numbers: numbers,
				...rest
			} = simplifiedPatient({ id: '7', ...more } as never);
			expect([id, numbers]).toEqual(['7', []]);
			expect(Object.values(rest)).toEqual(Array<null>(9).fill(null));
		},
	);

	it('in the simple form has nothing when the record has an empty text', () => {
		const names = ['first_name', 'last_name', 'email', 'date_of_birth', 'archived_at'];
		const simple: IDataObject = simplifiedPatient({
			id: '7',
			...Object.fromEntries(names.map((name) => [name, ''])),
			patient_phone_numbers: [{ number: '' }],
		});
		expect(names.map((name) => simple[name])).toEqual(names.map(() => null));
		expect(simple.phone_numbers).toEqual([null]);
	});

	it.each([
		[{}, false],
		[{ archived_at: null, deleted_at: null, merged_at: null }, false],
		[{ archived_at: '2026-03-02T09:00:00Z' }, true],
		[{ archived_at: null, deleted_at: '2026-03-02T09:00:00Z' }, true],
		[{ archived_at: null, deleted_at: null, merged_at: '2026-03-02T09:00:00Z' }, true],
		[{ archived_at: '', deleted_at: '', merged_at: '' }, false],
		[{ archived_at: '', deleted_at: '2026-03-02T09:00:00Z', merged_at: '' }, true],
		[{ archived_at: '', deleted_at: '', merged_at: '2026-03-02T09:00:00Z' }, true],
	])('is closed when any of three timestamps says so: %j', (more, is) => {
		expect(isArchived({ id: '7', ...more } as never)).toBe(is);
	});

	it.each([
		['https://api.au1.cliniko.com/v1/patients/9223372036854775807', '9223372036854775807'],
		['https://api.au1.cliniko.com/v1/practitioners/12', undefined],
		[null, undefined],
		[undefined, undefined],
	])('is merged into the one that its link leads to: %s', (self, id) => {
		expect(mergedInto({ id: '7', merged_with_patient: link(self) })).toBe(id);
	});

	it('is not merged when there is no link', () => {
		expect(mergedInto({ id: '7' })).toBeUndefined();
		expect(mergedInto({ id: '7', merged_with_patient: null! })).toBeUndefined();
	});
});
