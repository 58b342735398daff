import type { IBinaryData, IDataObject, INodeExecutionData } from 'n8n-workflow';

import { filesOf, pickFiles } from '../../../../nodes/Cliniko/upload/binaryFields.ts';
import { thrownBy } from '../connection.cts';

const pdf = (fileName?: string): IBinaryData => ({
	data: 'JVBERg==',
	mimeType: 'application/pdf',
	fileName,
});

/** An item with a file in each field. */
const itemWith = (...fields: string[]): INodeExecutionData => ({
	json: {},
	binary: Object.fromEntries(fields.map((field) => [field, pdf(`${field}.pdf`)])),
});

const namesOf = (
	wanted: unknown,
	item: INodeExecutionData,
	ifMissing: 'error' | 'skip' = 'error',
) => pickFiles(wanted, item, ifMissing).map(({ name }) => name);

describe('Input Binary Field', () => {
	const mail = itemWith('attachment_0', 'attachment_1', 'data', 'attachment_10', 'signature');

	it.each([
		['a name', 'data', ['data']],
		['a name with spaces around it', ' data ', ['data']],
		['names with commas', 'signature, data', ['signature', 'data']],
		['names with a comma too many', 'data,,signature,', ['data', 'signature']],
		['a name twice', 'data,data', ['data']],
		['a pattern', 'attachment_*', ['attachment_0', 'attachment_1', 'attachment_10']],
		[
			'a pattern for all',
			'*',
			['attachment_0', 'attachment_1', 'data', 'attachment_10', 'signature'],
		],
		['a pattern with a middle', 'a*ment*0', ['attachment_0', 'attachment_10']],
		['a pattern with an end', '*_1', ['attachment_1']],
		[
			'a pattern and a name it covers',
			'attachment_1*, attachment_0, attachment_1',
			['attachment_1', 'attachment_10', 'attachment_0'],
		],
		['an array of names', ['data', 'signature'], ['data', 'signature']],
		['an array of names and patterns', ['data', '*_0'], ['data', 'attachment_0']],
		['the name as n8n’s combined mode has it', '_files.data', ['data']],
	])('may be %s', (_, wanted, names) => {
		expect(namesOf(wanted, mail)).toEqual(names);
	});

	it.each([
		['*', '', true],
		['a*', 'a', true],
		['*a', 'a', true],
		['a*a', 'a', false],
		['a*a', 'aa', true],
		['ab*bc', 'abc', false],
		['a**b', 'a-b', true],
		['a*b*c', 'a-c-b', false],
		['a*b*c', 'a-b-c', true],
		['a*bc*c', 'a-bc', false],
		['*ab*ab*', '-ab-', false],
		['*ab*ab*', '-ab-ab-', true],
		['*.*', 'a.b', true],
		['a.c', 'abc', false],
		['A*', 'a1', false],
		['(a+)+*', '(a+)+b', true],
		['a*', 'ba', false],
		[`${'a*'.repeat(1000)}b`, 'a'.repeat(5000), false],
		[`${'a*'.repeat(1000)}b`, `${'a'.repeat(5000)}b`, true],
	])('takes %s for %s: this is %s', (pattern, name, fits) => {
		// With another file, since the whole text could also be a field name.
		expect(namesOf(pattern, itemWith(name, '\n'), 'skip').includes(name)).toBe(fits);
	});

	it('may name a field that has a comma in it', () => {
		expect(namesOf('Referral, signed', itemWith('Referral, signed', 'Referral'))).toEqual([
			'Referral, signed',
		]);
	});

	describe('may be an expression', () => {
		it('that gives a copy of the file of a field, which then keeps its name', () => {
			const item = itemWith('scan', 'other');

			expect(namesOf({ ...item.binary!.scan! }, item)).toEqual(['scan']);
		});

		it('that gives a file of an earlier node', () => {
			const earlier = pdf('earlier.pdf');

			expect(pickFiles(earlier, { json: {} }, 'error')).toEqual([
				{ name: 'earlier.pdf', data: earlier },
			]);
		});

		it('that gives a file without a name', () => {
			expect(namesOf(pdf(), { json: {} })).toEqual(['file']);
		});

		it('that gives files and names', () => {
			expect(namesOf([pdf('a.pdf'), 'data', pdf('b.pdf')], itemWith('data'))).toEqual([
				'a.pdf',
				'data',
				'b.pdf',
			]);
		});

		it('that gives a file which n8n keeps under its id', () => {
			const data = { id: 'filesystem-v2:a', mimeType: 'application/pdf' } as IBinaryData;

			expect(pickFiles(data, { json: {} }, 'error')).toEqual([{ name: 'file', data }]);
		});

		it('that gives the same file twice', () => {
			const one = pdf('a.pdf');

			expect(namesOf([one, one], { json: {} })).toEqual(['a.pdf']);
		});

		it.each([
			['a number', 12],
			['true', true],
			['an object that is no file', { fileName: 'a.pdf' }],
			['an object that is no file though it has data', { data: 'JVBERg==' }],
			['a file without its content', { mimeType: 'application/pdf' }],
			['an array in an array', [['data']]],
		])('but not one that gives %s', (_, wanted) => {
			expect(thrownBy(() => namesOf(wanted, itemWith('data'), 'skip')).message).toContain(
				'neither the name of a field nor a file',
			);
		});

		it.each([
			['nothing', undefined],
			['null', null],
			['an array with nothing', [undefined]],
			['an empty array', []],
		])('and one that gives %s is an item without its file', (_, wanted) => {
			const item = itemWith('data');

			expect(namesOf(wanted, item, 'skip')).toEqual([]);
			expect(thrownBy(() => namesOf(wanted, item)).message).toContain('The item has no file in');
		});
	});

	describe('that names what an item does not have', () => {
		it.each([
			['a name', 'file', '"file"'],
			['a name in other letters', 'DATA', '"DATA"'],
			['a pattern', 'attachment_*', '"attachment_*"'],
			['nothing', '', '""'],
		])('is refused with the names it has: %s', (_, wanted, named) => {
			const error = thrownBy(() => namesOf(wanted, itemWith('data', 'scan')));

			expect(error.message).toBe(`The item has no file in ${named}. Its files are in: data, scan.`);
			expect(error.description).toContain('Input Binary Field');
		});

		it('is refused even when some of it exists: a file would be lost', () => {
			const error = thrownBy(() => namesOf('data, scan, form', itemWith('data')));

			expect(error.message).toContain('no file in "scan", "form"');
		});

		it('is refused with different advice when there is no file at all', () => {
			const error = thrownBy(() => namesOf('data', { json: {} }));

			expect(error.message).toBe('The item has no file, so there is none in "data".');
			expect(error.description).toContain('If Item Has No File');
		});

		it('is skipped when that is wanted, and the rest is used', () => {
			expect(namesOf('data', { json: {} }, 'skip')).toEqual([]);
			expect(namesOf('scan, data', itemWith('data'), 'skip')).toEqual(['data']);
		});
	});
});

describe('The files of an item', () => {
	it('are its binary fields, in their order', () => {
		expect(filesOf(itemWith('b', 'a')).map(({ name }) => name)).toEqual(['b', 'a']);
	});

	it('are in its JSON when the workflow’s binary mode is combined', () => {
		const item = {
			json: { name: 'Jane', _files: { data: pdf(), scan: pdf() } as unknown as IDataObject },
		};

		expect(filesOf(item, 'combined').map(({ name }) => name)).toEqual(['data', 'scan']);
		expect(pickFiles('*', item, 'error', 'combined').map(({ name }) => name)).toEqual([
			'data',
			'scan',
		]);
	});

	it.each([undefined, 'separate'])(
		'are not in its JSON when the binary mode is %s: anybody can write JSON',
		(binaryMode) => {
			const _files = { data: pdf(), scan: pdf() } as unknown as IDataObject;
			const item = { json: { _files }, binary: { letter: pdf() } };

			expect(filesOf(item, binaryMode).map(({ name }) => name)).toEqual(['letter']);
			expect(() => pickFiles('_files.data', item, 'error', binaryMode)).toThrow(
				'The item has no file in "data". Its files are in: letter.',
			);
		},
	);

	it.each([
		['none', {}],
		['something else', { _files: 'data' }],
		['a list', { _files: [pdf()] as unknown as IDataObject[] }],
		['empty fields', { _files: { a: undefined, b: null } }],
	])('are none when the JSON has %s', (_, json) => {
		expect(filesOf({ json: json as IDataObject }, 'combined')).toEqual([]);
	});

	it('are all that its fields hold, so that nothing is left out without a word', () => {
		const odd = {
			typeless: { data: 'JVBERg==', fileName: 'a.pdf' },
			stored: { id: 'filesystem-v2:a', mimeType: 'application/pdf' },
			empty: {},
			text: 'JVBERg==',
		};
		const item = { json: {}, binary: odd } as never;

		expect(namesOf('*', item)).toEqual(['typeless', 'stored', 'empty', 'text']);
		expect(namesOf(odd.typeless, item)).toEqual(['typeless']);
	});
});
