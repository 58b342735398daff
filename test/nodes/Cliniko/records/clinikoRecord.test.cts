import fc from 'fast-check';

import { isClinikoRecord, linkedId } from '../../../../nodes/Cliniko/records/clinikoRecord.ts';

describe('A record of Cliniko', () => {
	it.each(['1', '9007199254740993', '9223372036854775807'])('has an id in text: %s', (id) => {
		expect(isClinikoRecord({ id })).toBe(true);
	});

	it.each([
		[{ id: 77 }],
		[{ id: null }],
		[{ id: ['77'] }],
		[{}],
		[null],
		[undefined],
		['77'],
		[[]],
	])('is not %j', (value) => {
		expect(isClinikoRecord(value)).toBe(false);
	});

	it.each(['', ' 77', '77\n', '-77', '7.7', '../patients/1', '77?x', '77/attachments', '٧٧'])(
		'has no id that would lead elsewhere in a path: %j',
		(id) => {
			expect(isClinikoRecord({ id })).toBe(false);
		},
	);

	it('has an id of digits alone, whatever comes', () => {
		fc.assert(
			fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.anything()), (id) => {
				expect(isClinikoRecord({ id })).toBe(
					typeof id === 'string' && /^[0-9]+$/.test(id) && !id.endsWith('\n'),
				);
			}),
			{ numRuns: 1000 },
		);
	});
});

describe('A link to another record', () => {
	const to = (self: unknown, collection = 'patients') => linkedId({ links: { self } }, collection);

	it('gives its id', () => {
		expect(to('https://api.au1.cliniko.com/v1/patients/9007199254740993')).toBe('9007199254740993');
		expect(to('https://api.au1.cliniko.com/v1/patient_cases/5', 'patient_cases')).toBe('5');
	});

	it.each([
		'https://api.au1.cliniko.com/v1/patients/12/',
		'https://api.au1.cliniko.com/v1/patients/12?x=1',
		'https://api.au1.cliniko.com/v1/patients/12/?next=/patients/13#/patients/14',
		'/v1/patients/12',
		'/patients/12/',
		'patients/12',
	])('gives its id in whatever form it is written: %s', (self) => {
		expect(to(self)).toBe('12');
	});

	it.each([
		['another kind of record', 'https://api.au1.cliniko.com/v1/practitioners/12'],
		['a kind whose name ends alike', 'https://api.au1.cliniko.com/v1/inpatients/12'],
		['a list', 'https://api.au1.cliniko.com/v1/patients'],
		['what belongs to a record', 'https://api.au1.cliniko.com/v1/patients/12/appointments'],
		['no number', 'https://api.au1.cliniko.com/v1/patients/abc'],
		['another record with a patient in its query', 'https://x.example/forms/5?at=/patients/12'],
		['another record with a patient in its fragment', 'https://x.example/forms/5#/patients/12'],
		['a patient of another name', 'outpatients/12'],
		['two slashes', 'https://api.au1.cliniko.com/v1/patients/12//'],
		['nowhere', ''],
		['null', null],
		['a number', 12],
		['an object', {}],
	])('gives nothing when it leads to %s', (_, self) => {
		expect(to(self)).toBeUndefined();
	});

	it.each([[undefined], [null], [{}], [{ links: null }], ['https://x/patients/12'], [12]])(
		'gives nothing when it is no link: %j',
		(link) => {
			expect(linkedId(link, 'patients')).toBeUndefined();
		},
	);
});
