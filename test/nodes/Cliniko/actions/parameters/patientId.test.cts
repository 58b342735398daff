import type { IExecuteFunctions, INodePropertyMode } from 'n8n-workflow';

import {
	optionalPatientIdField,
	optionalPatientIdOf,
	patientIdField,
	patientIdOf,
} from '../../../../../nodes/Cliniko/actions/parameters/patientId.ts';
import { ClinikoError } from '../../../../../nodes/Cliniko/errors.ts';
import { thrownBy } from '../../connection.cts';

const PAGE = 'https://your-clinic.uk2.cliniko.com/patients/9007199254740993';

const idOf = (parameter: unknown): string => {
	const context = {
		getNodeParameter: (name: string, itemIndex: number) =>
			name === 'patientId' && itemIndex === 3 ? parameter : undefined,
	};
	return patientIdOf(context as unknown as IExecuteFunctions, 3, 'uk2');
};

const locator = (mode: string, value: unknown) => ({ __rl: true, mode, value });

describe('The patient of an item', () => {
	it.each([
		['picked from the list', locator('list', '9007199254740993')],
		['given by id', locator('id', '9007199254740993')],
		['given by address', locator('url', PAGE)],
		['given by an expression alone', '9007199254740993'],
		['given with white space', locator('id', ' 9007199254740993\n')],
		['given with zeros before', locator('id', '0009007199254740993')],
	])('is exact to the last digit when it is %s', (_, parameter) => {
		expect(idOf(parameter)).toBe('9007199254740993');
	});

	it.each([
		['the smallest', '1', '1'],
		['the largest of 64 bits', '9223372036854775807', '9223372036854775807'],
		['a number that is exact', 456, '456'],
		['the largest number that is exact', Number.MAX_SAFE_INTEGER, '9007199254740991'],
	])('may have %s for an id', (_, value, id) => {
		expect(idOf(locator('id', value))).toBe(id);
		expect(idOf(value)).toBe(id);
	});

	it.each([
		['9007199254740993 read as a number', Number('9007199254740993')],
		['1234567890123456789 read as a number', Number('1234567890123456789')],
		['a number in the form of 1e21', 1e21],
	])('whose id lost its last digits is refused: %s', (_, value) => {
		const error = thrownBy(() => idOf(locator('id', value)));

		expect(error.message).toContain('its last digits may be wrong');
		expect(error.description).toContain('as text');
	});

	it.each([
		['no number', 'Jane Citizen'],
		['zero', '0'],
		['zero as a number', 0],
		['many zeros', '0000000000000000000'],
		['negative', '-1'],
		['negative as a number', -1],
		['one more than 64 bits hold', '9223372036854775808'],
		['longer than 64 bits', '92233720368547758070'],
		['a number with a point', '12.5'],
		['a number of another notation', '0x1F'],
		['a large number as text', '1.2345678901234568e+18'],
		['a number with separators', '1,234'],
		['two numbers', '12 34'],
		['digits of another script', '١٢٣'],
		['a path to something else', '12/attachments'],
		['a path upwards', '../users/1'],
		['followed by a query', '12?x=1'],
		['an address', PAGE],
	])('is not one whose id is %s', (_, value) => {
		for (const parameter of [locator('id', value), locator('list', value), value]) {
			expect(thrownBy(() => idOf(parameter)).message).toContain('not a whole number');
		}
	});

	it.each([
		['empty', ''],
		['blank', '  '],
		['null', null],
		['undefined', undefined],
		['an object', { id: '12' }],
		['an array', ['12']],
		['a boolean', true],
	])('has to be set: %s is none', (_, value) => {
		const error = thrownBy(() => idOf(locator('id', value)));

		expect(error.message).toBe('No patient is set for this item.');
		expect(error.description).toContain('Choose a patient from the list');
	});

	it.each([[null], [undefined], [''], [locator('list', '')], [locator('url', ' ')]])(
		'has to be set at all: not %j',
		(parameter) => {
			expect(thrownBy(() => idOf(parameter)).message).toBe('No patient is set for this item.');
		},
	);
});

describe('The address of a patient', () => {
	const id = '9007199254740993';
	const addresses = [
		PAGE,
		`${PAGE}/`,
		`${PAGE}/attachments`,
		`${PAGE}?tab=files#top`,
		`https://api.uk2.cliniko.com/v1/patients/${id}`,
		`https://YOUR-CLINIC.UK2.cliniko.com/patients/${id}`,
		`https://sub.your_clinic.uk2.cliniko.com/patients/${id}`,
	];

	it.each(addresses)('may be %s', (address) => {
		expect(idOf(locator('url', address))).toBe(id);
		expect(idOf(locator('url', ` ${address}\n`))).toBe(id);
	});

	it.each(['au1', 'UK1', 'uk22'])('on the shard %s is another clinic’s patient', (shard) => {
		const error = thrownBy(() =>
			idOf(locator('url', `https://your-clinic.${shard}.cliniko.com/patients/12`)),
		);

		expect(error.message).toBe(
			`The patient's URL is on shard ${shard.toLowerCase()}, but the Cliniko API credential is for shard uk2.`,
		);
		expect(error.description).toContain('The same number is another patient there');
	});

	const hostile = [
		['an id', '12'],
		['without its protocol', 'your-clinic.uk2.cliniko.com/patients/12'],
		['of http', 'http://your-clinic.uk2.cliniko.com/patients/12'],
		['of another site', 'https://evil.example/patients/12'],
		[
			'of a site that ends otherwise',
			'https://your-clinic.uk2.cliniko.com.evil.example/patients/12',
		],
		['of a site that ends alike', 'https://your-clinic.uk2.evilcliniko.com/patients/12'],
		[
			'of another site behind a user',
			'https://your-clinic.uk2.cliniko.com@evil.example/patients/12',
		],
		['with a user', 'https://evil.example@your-clinic.uk2.cliniko.com/patients/12'],
		['with a port', 'https://your-clinic.uk2.cliniko.com:8443/patients/12'],
		['without a shard', 'https://your-clinic.cliniko.com/patients/12'],
		['without a clinic', 'https://uk2.cliniko.com/patients/12'],
		['in the query of another page', 'https://your-clinic.uk2.cliniko.com/?next=/patients/12'],
		['in the fragment of another page', 'https://your-clinic.uk2.cliniko.com/#/patients/12'],
		['of the list of patients', 'https://your-clinic.uk2.cliniko.com/patients'],
		['of another record', 'https://your-clinic.uk2.cliniko.com/practitioners/12'],
		['of a word that ends alike', 'https://your-clinic.uk2.cliniko.com/inpatients/12'],
		['after some other text', `see ${PAGE}`],
	];

	it.each(hostile)('is not one %s', (_, address) => {
		const error = thrownBy(() => idOf(locator('url', address)));

		expect(error.message).toContain("not the address of a patient's page in Cliniko");
	});

	it.each([
		['letters after it', `https://your-clinic.uk2.cliniko.com/patients/12abc`],
		['a point in it', 'https://your-clinic.uk2.cliniko.com/patients/12.5'],
		['an encoded digit after it', 'https://your-clinic.uk2.cliniko.com/patients/12%33'],
		['too many digits', `https://your-clinic.uk2.cliniko.com/patients/${'9'.repeat(20)}`],
		['only zeros', 'https://your-clinic.uk2.cliniko.com/patients/0'],
	])('is refused when the id has %s', (_, address) => {
		// A truncated id would be another patient's.
		expect(thrownBy(() => idOf(locator('url', address)))).toBeInstanceOf(ClinikoError);
	});

	describe('in the node’s panel', () => {
		const field = patientIdField('Whose file it is');
		const byUrl = field.modes?.find(({ name }) => name === 'url') as INodePropertyMode;
		const [{ properties }] = byUrl.validation as unknown as [{ properties: { regex: string } }];
		// n8n matches the whole text.
		const passes = (text: string) => new RegExp(`^${properties.regex}$`).test(text);

		it.each(addresses.filter((address) => !/[A-Z]/.test(address)))('may be %s', (address) => {
			expect(passes(address)).toBe(true);
		});

		it.each(hostile)('is not one %s', (_, address) => {
			expect(passes(address!)).toBe(false);
		});

		it('is not empty', () => {
			expect(passes('')).toBe(false);
		});

		it('gives its id as the first thing that n8n finds in it', () => {
			const { regex } = byUrl.extractValue as { regex: string };

			expect(new RegExp(regex).exec(`${PAGE}/attachments`)?.slice(1)).toEqual([id]);
		});

		it('has the description of the operation that it is a field of', () => {
			expect(field.description).toBe('Whose file it is');
			expect(field.required).toBe(true);
		});
	});
});

describe('The patient that may be left out', () => {
	/** @param set in the node, where it may be an expression; `given` is what comes of that */
	const optionalIdOf = (set: unknown, given: unknown = set) => {
		const context = {
			getNode: () => ({ parameters: { patientId: set } }),
			getNodeParameter: (name: string, itemIndex: number) =>
				name === 'patientId' && itemIndex === 3 ? given : undefined,
		};
		return optionalPatientIdOf(context as unknown as IExecuteFunctions, 3, 'uk2');
	};

	it.each([
		[undefined],
		[null],
		[''],
		[locator('list', '')],
		[locator('id', '')],
		[locator('url', '')],
	])('is nobody when the field is empty: %j', (set) => {
		expect(optionalIdOf(set)).toBeUndefined();
	});

	it.each([
		[locator('list', '9007199254740993')],
		[locator('id', '9007199254740993')],
		[locator('url', PAGE)],
		[locator('url', PAGE.replace('your-clinic.uk2', 'Your-Clinic.UK2'))],
		['9007199254740993'],
	])('is the one that is given: %j', (set) => {
		expect(optionalIdOf(set)).toBe('9007199254740993');
		expect(optionalIdOf('={{ $json.patient }}', set)).toBe('9007199254740993');
	});

	it.each([[''], [' '], [undefined], [null]])(
		'is not left out by an expression that gives nothing: %j',
		(value) => {
			// Otherwise any patient's attachment would pass.
			for (const mode of ['id', 'url', 'list']) {
				const set = locator(mode, '={{ $json.patient }}');
				const error = thrownBy(() => optionalIdOf(set, locator(mode, value)));
				expect(error.message).toBe('No patient is set for this item.');
			}
			expect(thrownBy(() => optionalIdOf('={{ $json.patient }}', value ?? null)).message).toBe(
				'No patient is set for this item.',
			);
		},
	);

	it('has to be a patient of this clinic if it is given', () => {
		const messageFor = (mode: string, value: string) =>
			thrownBy(() => optionalIdOf(locator(mode, value))).message;

		expect(messageFor('id', 'Jane')).toContain('not a whole number');
		expect(messageFor('url', 'https://evil.example/patients/12')).toContain('not the address');
		expect(messageFor('url', PAGE.replace('uk2', 'au1'))).toContain('is on shard au1');
	});

	it.each(['id', 'url'])('may be left empty in the node’s panel, by %s', (mode) => {
		const { modes, required } = optionalPatientIdField('Whose it is');
		const { validation } = modes!.find(({ name }) => name === mode) as INodePropertyMode;
		const [{ properties }] = validation as unknown as [{ properties: { regex: string } }];
		const passes = (text: string) => new RegExp(`^${properties.regex}$`).test(text);

		expect(required).toBeFalsy();
		expect([passes(''), passes('Jane')]).toEqual([true, false]);
	});
});
