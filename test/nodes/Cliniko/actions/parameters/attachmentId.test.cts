import type { IExecuteFunctions, INodePropertyMode } from 'n8n-workflow';

import {
	attachmentIdField,
	attachmentIdOf,
} from '../../../../../nodes/Cliniko/actions/parameters/attachmentId.ts';
import { thrownBy } from '../../connection.cts';

const ID = '9007199254740993';
const RECORD = `https://api.uk2.cliniko.com/v1/patient_attachments/${ID}`;

const idOf = (parameter: unknown): string => {
	const context = {
		getNodeParameter: (name: string, itemIndex: number) =>
			name === 'attachmentId' && itemIndex === 3 ? parameter : undefined,
	};
	return attachmentIdOf(context as unknown as IExecuteFunctions, 3, 'uk2');
};

const locator = (mode: string, value: unknown) => ({ __rl: true, mode, value });

describe('The attachment of an item', () => {
	it.each([
		['picked from the list', locator('list', ID)],
		['given by id', locator('id', ID)],
		['given by address', locator('url', RECORD)],
		['given by an expression alone', ID],
		['given with white space', locator('id', ` ${ID}\n`)],
	])('is exact to the last digit when it is %s', (_, parameter) => {
		expect(idOf(parameter)).toBe(ID);
	});

	it.each([[undefined], [null], [''], [' '], [locator('list', '')], [locator('url', '')]])(
		'has to be set: %j is none',
		(parameter) => {
			const error = thrownBy(() => idOf(parameter));

			expect(error.message).toBe('No attachment is set for this item.');
			expect(error.description).toContain('Choose an attachment from the list');
			expect(error.description).toContain('Upload and Get Many');
		},
	);

	it.each(['Referral.pdf', '12.5', '-1', '0', '12/archive', '../patients/1', '9'.repeat(20)])(
		'is not one whose id is %s',
		(value) => {
			expect(thrownBy(() => idOf(locator('id', value))).message).toBe(
				'The attachment ID is not a whole number, as Cliniko IDs are.',
			);
		},
	);

	it('whose id lost its last digits as a number is refused', () => {
		expect(thrownBy(() => idOf(locator('id', Number(ID)))).message).toBe(
			'The attachment ID came as a number too large to be exact, so its last digits may be wrong.',
		);
	});
});

describe('The address of an attachment', () => {
	const addresses = [
		RECORD,
		`${RECORD}/`,
		// As Upload and Get Many output it.
		`${RECORD}/content`,
		`${RECORD}?q[]=archived_at:*`,
		`https://your-clinic.uk2.cliniko.com/patients/12/attachments/${ID}`,
		`https://your-clinic.uk2.cliniko.com/attachments/${ID}#top`,
	];
	const hostile = [
		['an id', ID],
		['of http', RECORD.replace('https', 'http')],
		['of another site', `https://evil.example/v1/patient_attachments/${ID}`],
		['of a site that ends alike', RECORD.replace('cliniko.com', 'evilcliniko.com')],
		['of another site behind a user', RECORD.replace('.com/', '.com@evil.example/')],
		['with a port', RECORD.replace('.com/', '.com:8443/')],
		['without a shard', `https://api.cliniko.com/v1/patient_attachments/${ID}`],
		['of the list', 'https://api.uk2.cliniko.com/v1/patient_attachments'],
		['of a patient', `https://api.uk2.cliniko.com/v1/patients/${ID}`],
		['of another record', `https://api.uk2.cliniko.com/v1/form_attachments/${ID}`],
		['in a query', `https://api.uk2.cliniko.com/v1?at=/patient_attachments/${ID}`],
		['with letters after the id', `${RECORD}abc`],
		['at S3', `https://files.s3.amazonaws.com/1/patients/2/attachments/${ID}/a.pdf`],
	];

	it.each(addresses)('may be %s', (address) => {
		expect(idOf(locator('url', address))).toBe(ID);
		expect(idOf(locator('url', ` ${address}\n`))).toBe(ID);
	});

	it.each(hostile)('is not one %s', (_, address) => {
		const error = thrownBy(() => idOf(locator('url', address)));

		expect(error.message).toBe(
			"The attachment's URL is not the address of an attachment's page in Cliniko.",
		);
		expect(error.description).toContain('content_url');
	});

	it('on another shard is another clinic’s attachment', () => {
		const error = thrownBy(() => idOf(locator('url', RECORD.replace('uk2', 'AU1'))));

		expect(error.message).toBe(
			"The attachment's URL is on shard au1, but the Cliniko API credential is for shard uk2.",
		);
		expect(error.description).toContain('The same number is another attachment there');
	});

	describe('in the node’s panel', () => {
		const field = attachmentIdField('The attachment to return');
		const mode = (name: string) =>
			field.modes?.find((one) => one.name === name) as INodePropertyMode;
		const [{ properties }] = mode('url').validation as unknown as [
			{ properties: { regex: string; errorMessage: string } },
		];
		// n8n matches the whole text.
		const passes = (text: string) => new RegExp(`^${properties.regex}$`).test(text);

		it('is one that the node then takes', () => {
			expect(addresses.filter((address) => !passes(address!))).toEqual([]);
			expect(hostile.filter(([, address]) => passes(address!))).toEqual([]);
			expect(passes(String(mode('url').placeholder).replace('e.g. ', ''))).toBe(true);
		});

		it('gives its id as the first thing that n8n finds in it', () => {
			const { regex } = mode('url').extractValue as { regex: string };

			for (const address of addresses) {
				expect(new RegExp(regex).exec(address)?.slice(1)).toEqual([ID]);
			}
		});

		it('has a message for invalid values', () => {
			expect(properties.errorMessage).toContain('/patient_attachments/');
			expect(mode('id').validation).toMatchObject([
				{ properties: { errorMessage: 'The ID of an attachment has only digits' } },
			]);
			expect(mode('list').placeholder).toBe('Select an attachment...');
		});
	});
});
