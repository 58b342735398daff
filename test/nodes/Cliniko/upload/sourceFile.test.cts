import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
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

/** A store with one file of this reported size, which yields these chunks. */
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

	it.each([
		['nothing', undefined],
		['null', null],
		['an empty text', ''],
		['the name of n8n’s storage', 'filesystem'],
		['the name of a storage that only the id knows', 'new-storage'],
	])('is the file behind its id when its content is %s', async (_, data) => {
		const file = stored({ data: data as never, id: 'new-storage:workflows/1/2/3' });

		expect((await sourceFile('data', file, '', storeWith(3, 3))).size).toBe(3);
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
		])('when it is empty %s', async (_, data, store) => {
			expect((await rejection(sourceFile('data', data, '', store))).message).toBe(
				'The file "Referral.pdf" is empty.',
			);
		});

		it('when the store does not have it any more', async () => {
			const error = await rejection(sourceFile('data', stored(), '', noStore));

			expect(error.message).toBe('The file "Referral.pdf" cannot be read from n8n\'s store.');
			expect(error.cause).toBeUndefined();
		});

		it.each([
			'default',
			'filesystem',
			'filesystem-v2',
			's3',
			'azure',
			// Eight base64 characters would be six bytes.
			'database',
		])('when a Code node has left out its id, and its content is the word %s', async (data) => {
			for (const id of [undefined, '', null as never]) {
				const error = await rejection(sourceFile('data', stored({ data, id }), '', noStore));

				expect(error.message).toBe(
					'The item does not hold the file "Referral.pdf", only a note of where n8n keeps it.',
				);
				expect(error.description).toContain('$input.item.binary');
				expect(error.description).toContain('prepareBinaryData');
			}
		});

		it.each([
			['a data: URL', 'data:application/pdf;base64,JVBERg=='],
			['plain text', 'Jane Smith, born 1980'],
			['base64 for addresses', 'JVBERi0x_-8='],
			['base64 with line ends', 'JVBE\nRi0x'],
			['base64 with a space', 'JVBE Ri0x'],
			['base64 without its padding', 'JVBERg'],
			['base64 that is cut off', 'JVBER'],
			['base64 with too much padding', 'JVBERi0xL==='],
			['nothing but padding', '===='],
			['base64 after padding', 'JVBERg==JVBE'],
			['base64 that stands for part of a byte', 'JVBERh=='],
			['bytes', Buffer.from('%PDF') as never],
			['nothing', undefined as never],
		])('when its content is no base64 but %s', async (_, data) => {
			const error = await rejection(sourceFile('data', inMemory('', { data }), '', noStore));

			expect(error.message).toBe('The content of the file "Referral.pdf" is not valid base64.');
			expect(error.description).toContain('prepareBinaryData');
			expect(error.message + error.description).not.toContain('Jane');
		});

		it('when its content is wrong only near the end of a large one', async () => {
			const data = `${Buffer.alloc(3_000_000).toString('base64').slice(0, -8)}AAA AAAA`;

			expect(
				(await rejection(sourceFile('a', inMemory('', { data }), '', noStore))).message,
			).toContain('not valid base64');
		});

		it.each([
			['a text', 'JVBERg=='],
			['a list', ['JVBERg==']],
			['true', true],
		])('when its field holds %s and no file', async (_, data) => {
			const error = await rejection(sourceFile('scan', data as never, '', noStore));

			expect(error.message).toBe('The binary field "scan" does not hold a file.');
			expect(error.description).toContain('$input.item.binary');
		});

		it.each([
			['base64', 'JVBERg=='],
			['a data: URL', 'data:application/pdf;base64,JVBERg=='],
			['base64 for addresses', 'JVBERi0x_-8'],
			['base64 with line ends', 'JVBE\r\nRi0x'],
			['plain text', 'Jane Smith, born 1980'],
			['the whole id', 'filesystem-v2:workflows/1/2/3'],
			['bytes', Buffer.from('%PDF')],
			['bytes as JSON has them', Buffer.from('%PDF').toJSON()],
			['false', false],
		])('when a Code node has put %s beside its id', async (_, data) => {
			// Otherwise the file behind the id would be sent, which the workflow did not mean.
			const error = await rejection(
				sourceFile('data', stored({ data: data as never }), '', storeWith(3, 3)),
			);

			expect(error.message).toBe(
				'The content of the file "Referral.pdf" was changed, but its id still stands for the old one.',
			);
			expect(error.description).toContain('prepareBinaryData');
		});

		it.each([[12], [{}], [true]])('when its id is %j, which is no id', async (id) => {
			expect(
				(await rejection(sourceFile('data', stored({ id: id as never }), '', storeWith(3, 3))))
					.message,
			).toBe('The file "Referral.pdf" cannot be read from n8n\'s store.');
		});

		it.each([[NaN], [undefined]])('when the store says that its size is %s', async (size) => {
			// S3 needs the size up front.
			const error = await rejection(sourceFile('data', stored(), '', storeWith(size!, 10)));

			expect(error.message).toContain("cannot be read from n8n's store");
		});
	});

	describe('has a digest', () => {
		const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

		it.each([1, 2, 3, 1000, 3 * 1024 * 1024 + 1])('of its %d bytes', async (size) => {
			const content = Buffer.alloc(size, 'abcdefg');
			const fromItem = await sourceFile('data', inMemory(content), '', noStore);
			const fromStore = await sourceFile('data', stored(), '', {
				metadata: async () => await Promise.resolve({ fileSize: size }),
				stream: async () => await Promise.resolve(Readable.from([content], { objectMode: false })),
			});

			expect(await fromItem.digest()).toBe(sha256(content));
			expect(fromItem.source).toBe(sha256(content));
			expect(await fromStore.digest()).toBe(sha256(content));
			expect((await contentOf(fromItem)).equals(content)).toBe(true);
		});

		it('for which the store is read once, and not before', async () => {
			let read = 0;
			const store = storeWith(10, 10);
			const file = await sourceFile('data', stored(), '', {
				...store,
				stream: async (...of) => {
					read++;
					return await store.stream(...of);
				},
			});
			expect(read).toBe(0);

			expect(new Set(await Promise.all([file.digest(), file.digest()])).size).toBe(1);
			await file.digest();

			expect(read).toBe(1);
		});

		it('unless it is not as long as n8n says; the next time may be better', async () => {
			const stores = [storeWith(10, 9), storeWith(10, 10, 1), storeWith(10, 10)];
			const file = await sourceFile('data', stored(), '', {
				metadata: stores[0]!.metadata,
				stream: async (...of) => await stores.shift()!.stream(...of),
			});

			for (let time = 0; time < 2; time++) {
				expect((await rejection(file.digest())).message).toContain('does not have the 10 bytes');
			}
			expect(await file.digest()).toBe(sha256(Buffer.alloc(10, 'x')));
		});
	});

	describe('is closed', () => {
		/** A file in a store whose streams stay open until closed. */
		const open = async (size = STREAM_ABOVE + 1) => {
			const streams: Readable[] = [];
			const file = await sourceFile('data', stored(), '', {
				metadata: async () => await Promise.resolve({ fileSize: size }),
				stream: async () => {
					const stream = new Readable({
						read() {
							this.push(Buffer.alloc(1000));
						},
					});
					streams.push(stream);
					return await Promise.resolve(stream);
				},
			});
			return { file, streams };
		};
		const iteratorOf = (content: Buffer | AsyncIterable<Uint8Array>) =>
			(content as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();

		it('when the sender is done with it, however far it was read', async () => {
			const { file, streams } = await open();
			const controller = new AbortController();
			const content = iteratorOf(await file.open(controller.signal));
			await content.next();
			await content.next();
			expect(streams.map(({ destroyed }) => destroyed)).toEqual([false]);

			controller.abort();

			expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
		});

		it('when the sender was done before it was opened', async () => {
			const { file, streams } = await open();
			const controller = new AbortController();
			const first = iteratorOf(await file.open(controller.signal)).next();
			controller.abort();

			await rejection(first);
			expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
		});

		it('when the reader of it stops midway', async () => {
			const { file, streams } = await open();

			for await (const chunk of (await file.open()) as AsyncIterable<Uint8Array>) {
				expect(chunk).toHaveLength(1000);
				break;
			}

			expect(streams.map(({ destroyed }) => destroyed)).toEqual([true]);
		});

		it('when it turns out longer than n8n says: a small one, a large one, a digest', async () => {
			for (const size of [1500, STREAM_ABOVE + 1]) {
				const { file, streams } = await open(size);

				await rejection(contentOf(file));
				await rejection(file.digest());

				expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, true]);
			}
		});

		it('without a word to the signal when it has come to its end', async () => {
			const { signal } = new AbortController();
			const added = jest.spyOn(signal, 'addEventListener');
			const removed = jest.spyOn(signal, 'removeEventListener');
			const file = await sourceFile('data', stored(), '', storeWith(3, 3));

			await file.open(signal);

			expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
		});
	});

	describe.each([
		['small', 1000],
		['large', STREAM_ABOVE + 1000],
	])('that is %s fails', (_, size) => {
		const message = async (store: BinaryStore) =>
			(await rejection(contentOf(await sourceFile('data', stored(), '', store)))).message;

		it.each([
			['shorter', [size - 1]],
			['longer', [size, 1]],
			['empty', []],
		])('when it turns out %s than n8n says', async (_how, chunks) => {
			expect(await message(storeWith(size, ...chunks))).toContain(
				`does not have the ${size} bytes that n8n reports`,
			);
		});

		it('when the store fails midway', async () => {
			const text = await message(storeWith(size, 500, new Error('EIO /secret/path')));

			expect(text).toContain("cannot be read from n8n's store");
			expect(text).not.toContain('/secret/path');
		});

		it('when the store does not open it', async () => {
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

	it('has some name when nothing is left of the field’s either', async () => {
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
