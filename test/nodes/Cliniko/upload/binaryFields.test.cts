import type { IBinaryData, IDataObject, INodeExecutionData } from 'n8n-workflow';

import {
	filesOf,
	pickFiles,
	type FileSource,
} from '../../../../nodes/Cliniko/upload/binaryFields.ts';
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
	source: Partial<FileSource> = {},
) => pickFiles(wanted, { item, ...source }, ifMissing).map(({ name }) => name);

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

	const form = itemWith(
		'Referral_0',
		'Referral_1',
		'Referral_letter',
		'X_ray_0',
		'scan0',
		'scan1',
		'Page_10',
		'Scan_2024',
		'___',
	);

	it.each([
		['Referral', ['Referral_0', 'Referral_1']],
		['Referral letter', ['Referral_letter']],
		['X-ray', ['X_ray_0']],
		['scan', ['scan0', 'scan1']],
		['scan, Referral', ['scan0', 'scan1', 'Referral_0', 'Referral_1']],
	])('may be the name of a form’s field with several files: %s', (wanted, names) => {
		expect(namesOf(wanted, form)).toEqual(names);
	});

	it.each([
		'Refer',
		'Referral_0_',
		'referral',
		'Referral lette',
		'X',
		'Page 1',
		'Page',
		'Scan',
		'紹介状',
	])('is not guessed: %s', (wanted) => {
		expect(namesOf(wanted, form, 'skip')).toEqual([]);
	});

	it('means one field if there is one of exactly this name', () => {
		expect(namesOf('data', itemWith('data_0', 'data', 'data_1'))).toEqual(['data']);
	});

	describe('may be what a form says of its files, as dragged from the JSON', () => {
		const saidOf = (filename: string, size = 4) => ({
			filename,
			mimetype: 'application/pdf',
			size,
		});
		const twins = {
			json: {},
			binary: {
				a: { ...pdf('scan.pdf'), bytes: 4 },
				b: { ...pdf('letter.pdf'), bytes: 4 },
				c: { ...pdf('scan.pdf'), bytes: 4 },
				d: { ...pdf('scan.pdf'), bytes: 5 },
				e: { ...pdf('old.pdf') },
			},
		};

		it.each([
			['one file', saidOf('letter.pdf'), ['b']],
			['one of a size of its own', saidOf('scan.pdf', 5), ['d']],
			['one whose size an older n8n does not know', saidOf('old.pdf', 7), ['e']],
			[
				'several files',
				[saidOf('scan.pdf'), saidOf('letter.pdf'), saidOf('scan.pdf')],
				['a', 'c', 'b'],
			],
		])('%s', (_, wanted, names) => {
			expect(namesOf(wanted, twins)).toEqual(names);
		});

		it.each([
			['a file that the item does not have', saidOf('other.pdf')],
			['a file of another size', saidOf('letter.pdf', 5)],
			['a file of another type', { ...saidOf('letter.pdf'), mimetype: 'image/jpeg' }],
			['one of two files with this name', saidOf('scan.pdf')],
			['more files than there are', [saidOf('letter.pdf'), saidOf('letter.pdf')]],
		])('but not %s, since the wrong one could be taken', (_, wanted) => {
			expect(thrownBy(() => namesOf(wanted, twins, 'skip')).message).toBe(
				'Input Binary Field describes a file instead of giving it.',
			);
		});
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

			expect(pickFiles(earlier, { item: { json: {} } }, 'error')).toEqual([
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

			expect(pickFiles(data, { item: { json: {} } }, 'error')).toEqual([{ name: 'file', data }]);
		});

		it('that gives all files of an item', () => {
			const { binary } = itemWith('Referral_0', 'Referral_1');

			expect(namesOf(binary, { json: {} })).toEqual(['Referral_0', 'Referral_1']);
			// A copy of the item's own files keeps their fields.
			expect(namesOf(structuredClone(binary), { json: {}, binary })).toEqual([
				'Referral_0',
				'Referral_1',
			]);
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
			['empty text', ' '],
			['the binary of an item without files', {}],
		])('and one that gives %s is an item without its file', (_, wanted) => {
			const item = itemWith('data');

			expect(namesOf(wanted, item, 'skip', { isExpression: true })).toEqual([]);
			const error = thrownBy(() => namesOf(wanted, item, 'error', { isExpression: true }));
			expect(error.message).toBe(
				'The expression in Input Binary Field gives no file for this item.',
			);
			expect(error.description).toBe(
				'The item’s files are in: data. Enter one of these names, or * for all.',
			);
		});
	});

	describe('that names what an item does not have', () => {
		it.each([
			['a name', 'file', '"file"'],
			['a name in other letters', 'DATA', '"DATA"'],
			['a pattern', 'attachment_*', '"attachment_*"'],
		])('is refused with the names it has: %s', (_, wanted, named) => {
			const error = thrownBy(() => namesOf(wanted, itemWith('data', 'scan')));

			expect(error.message).toBe(`The item has no file in ${named}.`);
			expect(error.description).toBe(
				'The item’s files are in: data, scan. Enter one of these names, or * for all.',
			);
		});

		it('is refused when it names nothing', () => {
			expect(thrownBy(() => namesOf('', itemWith('data'))).message).toBe(
				'Input Binary Field is empty.',
			);
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

		it.each([
			['a name', 'data', 'The item has no file, so there is none in "data".', {}],
			[
				'an expression that gives nothing',
				undefined,
				'The expression in Input Binary Field gives no file for this item.',
				{ isExpression: true },
			],
			[
				'text made from a file’s description',
				'data [object Object],[object Object]',
				'Input Binary Field gives the text [object Object] instead of a file.',
				{ isExpression: true },
			],
			[
				'a file’s description',
				{ filename: 'scan.pdf', mimetype: 'application/pdf', size: 4 },
				'Input Binary Field describes a file instead of giving it.',
				{ isExpression: true },
			],
		])('says which earlier node has files: %s', (_, wanted, message, source) => {
			const earlierFiles = () => ({ node: 'On form submission', fields: ['Referral'] });
			const error = thrownBy(() =>
				namesOf(wanted, { json: {} }, 'error', { earlierFiles, ...source }),
			);

			expect(error.message).toBe(message);
			expect(error.description).toContain(
				'The node "On form submission" has files in: Referral. To upload them, set Input Binary Field to the expression {{ $(\'On form submission\').item.binary }}.',
			);
		});

		it('does not repeat what an expression gives, since it may be somebody’s words', () => {
			const error = thrownBy(() =>
				namesOf('Jane Citizen, born 1987', itemWith('data'), 'error', { isExpression: true }),
			);

			expect(error.message).toBe(
				'The item has no file in the field that the expression in Input Binary Field names.',
			);
		});

		it('writes the name of an earlier node so that the expression can be used', () => {
			const earlierFiles = () => ({ node: "Mum's \\ form", fields: ['Referral'] });

			expect(
				thrownBy(() => namesOf('data', { json: {} }, 'error', { earlierFiles })).description,
			).toContain(String.raw`{{ $("Mum's \\ form").item.binary }}`);
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
		expect(namesOf('*', item, 'error', { binaryMode: 'combined' })).toEqual(['data', 'scan']);
	});

	it.each([undefined, 'separate'])(
		'are not in its JSON when the binary mode is %s: anybody can write JSON',
		(binaryMode) => {
			const _files = { data: pdf(), scan: pdf() } as unknown as IDataObject;
			const item = { json: { _files }, binary: { letter: pdf() } };

			expect(filesOf(item, binaryMode).map(({ name }) => name)).toEqual(['letter']);
			expect(() => namesOf('_files.data', item, 'error', { binaryMode })).toThrow(
				'The item has no file in "data".',
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
