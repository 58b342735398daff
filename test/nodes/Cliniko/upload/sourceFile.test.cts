import type { IBinaryData } from 'n8n-workflow';
import {
	sourceFile,
	STREAM_ABOVE,
	type BinaryStore,
	type SourceFile,
} from '../../../../nodes/Cliniko/upload/sourceFile.ts';
import { rejection } from '../connection.cts';

const noStore: BinaryStore = {
	metadata: async () => await Promise.reject(new Error('not to be asked')),
	stream: async () => await Promise.reject(new Error('not to be asked')),
};

/** A store with one file: how long it says that it is, and what it really yields. */
const storeWith = (fileSize: number, ...chunks: Array<number | Error>): BinaryStore => ({
	metadata: async () => await Promise.resolve({ fileSize }),
	stream: async () =>
		await Promise.resolve(
			(async function* () {
				for (const chunk of chunks) {
					if (chunk instanceof Error) throw await Promise.resolve(chunk);
					yield Buffer.alloc(chunk, 'x');
				}
			})(),
		),
});

const inMemory = (content: string | Buffer, more: Partial<IBinaryData> = {}): IBinaryData => ({
	data: Buffer.from(content).toString('base64'),
	mimeType: 'application/pdf',
	fileName: 'Referral.pdf',
	...more,
});

const stored = (more: Partial<IBinaryData> = {}): IBinaryData => ({
	data: 'filesystem-v2',
	id: 'filesystem-v2:workflows/1/2/3',
	mimeType: 'application/pdf',
	fileName: 'Referral.pdf',
	...more,
});

async function contentOf(file: SourceFile): Promise<Buffer> {
	const content = await file.open();
	if (Buffer.isBuffer(content)) return content;
	const chunks: Uint8Array[] = [];
	for await (const chunk of content) chunks.push(chunk);
	return Buffer.concat(chunks);
}

describe('A file that is to be uploaded', () => {
	it('may lie in the item itself', async () => {
		const file = await sourceFile('data', inMemory('one two three'), '', noStore);

		expect(file).toMatchObject({ name: 'Referral.pdf', contentType: 'application/pdf', size: 13 });
		expect((await contentOf(file)).toString()).toBe('one two three');
	});

	it('may lie in n8n’s store', async () => {
		const file = await sourceFile('data', stored(), '', storeWith(13, 4, 0, 9));

		expect(file.size).toBe(13);
		expect((await contentOf(file)).toString()).toBe('x'.repeat(13));
	});

	it('of a form or a webhook is the same when n8n has moved it, and another one is another', async () => {
		const at = async (id: string) =>
			(await sourceFile('data', stored({ id }), '', storeWith(3, 3))).source;
		const before = await at('filesystem-v2:workflows/1/executions/temp/binary_data/a-1');

		expect(await at('filesystem-v2:workflows/1/executions/7/binary_data/a-1')).toBe(before);
		expect(await at('filesystem-v2:workflows/1/executions/7/binary_data/a-2')).not.toBe(before);
	});

	it('is read from the store by its id, and only once it is wanted', async () => {
		const asked: string[] = [];
		const file = await sourceFile('data', stored(), '', {
			metadata: async (id) => {
				asked.push(`size of ${id}`);
				return await Promise.resolve({ fileSize: 4 });
			},
			stream: async (id) => {
				asked.push(`content of ${id}`);
				return await storeWith(4, 4).stream(id, 1);
			},
		});
		expect(asked).toEqual(['size of filesystem-v2:workflows/1/2/3']);

		await file.open();

		expect(asked).toEqual([
			'size of filesystem-v2:workflows/1/2/3',
			'content of filesystem-v2:workflows/1/2/3',
		]);
	});

	it.each([
		['a small file in one piece of just its size', 1000, 1000],
		['a large one in pieces of 256 KiB', STREAM_ABOVE + 1, 256 * 1024],
	])('reads %s, since a reader sets so much memory aside', async (_, size, piece) => {
		const asked: number[] = [];
		const file = await sourceFile('data', stored(), '', {
			metadata: async () => await Promise.resolve({ fileSize: size }),
			stream: async (id, chunkSize) => {
				asked.push(chunkSize);
				return await storeWith(size, size).stream(id, chunkSize);
			},
		});

		await contentOf(file);

		expect(asked).toEqual([piece]);
	});

	it.each([
		['as one piece up to 1 MiB', STREAM_ABOVE, true],
		['as a stream above', STREAM_ABOVE + 1, false],
	])('is given %s', async (_, size, whole) => {
		for (const file of [
			await sourceFile('data', inMemory(Buffer.alloc(size, 'y')), '', noStore),
			await sourceFile('data', stored(), '', storeWith(size, size - 10, 10)),
		]) {
			expect(Buffer.isBuffer(await file.open())).toBe(whole);
			expect((await contentOf(file)).length).toBe(size);
		}
	});

	it.each([
		['small', 1000],
		['large', STREAM_ABOVE + 1],
	])('may be read again from its start: a %s one', async (_, size) => {
		const content = Buffer.alloc(size, 'abc');
		const fromItem = await sourceFile('data', inMemory(content), '', noStore);
		const fromStore = await sourceFile('data', stored(), '', storeWith(size, size));

		expect((await contentOf(fromItem)).equals(content)).toBe(true);
		expect((await contentOf(fromItem)).equals(content)).toBe(true);
		expect((await contentOf(fromStore)).length).toBe(size);
		expect((await contentOf(fromStore)).length).toBe(size);
	});

	describe('is refused', () => {
		it.each([
			['in the item', inMemory(''), noStore],
			['in the store', stored(), storeWith(0)],
		])('where it is empty %s', async (_, data, store) => {
			expect((await rejection(sourceFile('data', data, '', store))).message).toBe(
				'The file "Referral.pdf" is empty.',
			);
		});

		it('where the store does not have it any more', async () => {
			const error = await rejection(sourceFile('data', stored(), '', noStore));

			expect(error.message).toBe('The file "Referral.pdf" cannot be read from n8n\'s store.');
			expect(error.cause).toBeUndefined();
		});

		it.each([[NaN], [undefined]])('where the store says that its size is %s', async (size) => {
			// S3 has to be told the size before the first byte.
			const error = await rejection(sourceFile('data', stored(), '', storeWith(size!, 10)));

			expect(error.message).toContain("cannot be read from n8n's store");
		});
	});

	describe.each([
		['small', 1000],
		['large', STREAM_ABOVE + 1000],
	])('that is %s breaks off', (_, size) => {
		const message = async (store: BinaryStore) =>
			(await rejection(contentOf(await sourceFile('data', stored(), '', store)))).message;

		it.each([
			['shorter', [size - 1]],
			['longer', [size, 1]],
			['empty', []],
		])('where it turns out %s than n8n says', async (_how, chunks) => {
			expect(await message(storeWith(size, ...chunks))).toContain(
				`is not the ${size} bytes that n8n says it is`,
			);
		});

		it('where the store fails in the middle', async () => {
			const text = await message(storeWith(size, 500, new Error('EIO /secret/path')));

			expect(text).toContain("cannot be read from n8n's store");
			expect(text).not.toContain('/secret/path');
		});

		it('where the store does not open it', async () => {
			const store = { ...noStore, metadata: async () => await Promise.resolve({ fileSize: size }) };

			expect(await message(store)).toContain("cannot be read from n8n's store");
		});
	});

	it('that is longer than n8n says is not sent beyond its length', async () => {
		const size = STREAM_ABOVE + 10;
		const file = await sourceFile('data', stored(), '', storeWith(size, size, 1));
		let seen = 0;

		const read = async () => {
			for await (const chunk of (await file.open()) as AsyncIterable<Uint8Array>) {
				seen += chunk.length;
			}
		};

		await rejection(read());
		expect(seen).toBe(size);
	});

	it.each([
		['its own name', inMemory('x'), '', 'Referral.pdf'],
		['the name given in the node', inMemory('x'), 'Other.pdf', 'Other.pdf'],
		['a safe form of its own', inMemory('x', { fileName: 'a/b.pdf' }), '', 'a-b.pdf'],
		['a safe form of the one given', inMemory('x'), '../"x".pdf', "..-'x'.pdf"],
		[
			'its field’s, where it has none',
			inMemory('x', { fileName: undefined, fileExtension: 'pdf' }),
			'',
			'scan_1.pdf',
		],
		['its field’s without an ending', inMemory('x', { fileName: '' }), '', 'scan_1'],
		[
			'its field’s, where nothing is left of its own',
			inMemory('x', { fileName: '..' }),
			'',
			'scan_1',
		],
		[
			'its field’s without an odd ending',
			inMemory('x', { fileName: '', fileExtension: '../x' }),
			'',
			'scan_1',
		],
	])('has %s', async (_, data, rename, name) => {
		expect((await sourceFile('scan_1', data, rename, noStore)).name).toBe(name);
	});

	it('has some name where nothing is left of the field’s either', async () => {
		const data = inMemory('x', { fileName: '', fileExtension: 'pdf' });
		const nameless = inMemory('x', { fileName: '' });

		expect((await sourceFile('/', nameless, '', noStore)).name).toBe('file');
		expect((await sourceFile('scan', data, '..', noStore)).name).toBe('scan.pdf');
	});

	it.each([
		['image/svg+xml', 'image/svg+xml'],
		[
			'application/vnd.ms-excel.sheet.macroEnabled.12',
			'application/vnd.ms-excel.sheet.macroEnabled.12',
		],
		['text/plain; charset=utf-8', 'application/octet-stream'],
		['application/pdf\r\nX-Evil: 1', 'application/octet-stream'],
		['application/pdf\n', 'application/octet-stream'],
		['pdf', 'application/octet-stream'],
		['', 'application/octet-stream'],
	])('of the type %j is sent as %s', async (mimeType, contentType) => {
		expect((await sourceFile('data', inMemory('x', { mimeType }), '', noStore)).contentType).toBe(
			contentType,
		);
	});
});
