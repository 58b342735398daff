import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { sourceFile, type BinaryStore } from '../../../../nodes/Cliniko/upload/sourceFile.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const noStore: BinaryStore = {
	metadata: async () => await Promise.reject(new Error('not to be asked')),
	stream: async () => await Promise.reject(new Error('not to be asked')),
};

describe('A file that is to be uploaded', () => {
	it('in an item is decoded in chunks, and no copy of it is kept', async () => {
		const size = 30_000_000;
		const data = {
			data: Buffer.alloc(size, 'x').toString('base64'),
			mimeType: 'application/pdf',
			fileName: 'Referral.pdf',
		};
		const held = () => {
			collectGarbage();
			return process.memoryUsage().arrayBuffers;
		};
		const before = held();
		const files = [];
		for (let count = 0; count < 3; count++) files.push(await sourceFile('a', data, '', noStore));
		// Less than one copy; some chunks may not be collected yet.
		expect(held() - before).toBeLessThan(size);

		let longest = 0;
		for await (const chunk of (await files[0]!.open()) as AsyncIterable<Uint8Array>) {
			longest = Math.max(longest, chunk.buffer.byteLength);
		}
		expect(longest).toBeLessThan(1024 * 1024);
	});
});
