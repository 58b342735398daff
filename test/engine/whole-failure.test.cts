import { file, pdf, useClinic } from './clinic.cts';

describe('a failure before the first item, with "On Error: Continue (using error output)"', () => {
	const clinic = useClinic();

	it.each(['upload', 'getMany'])('gives no item as done by %s', async (operation) => {
		const { output, errorOutput } = await clinic.run({
			items: [
				{ files: { data: file('a.pdf', pdf('a')) } },
				{ files: { data: file('b.pdf', pdf('b')) } },
			],
			parameters: { operation },
			node: { onError: 'continueErrorOutput' },
			credential: { apiKey: 'key-au1', shard: 'uk1', customShard: '', contactEmail: 'a@b.example' },
		});
		expect(output).toEqual([]);
		expect(errorOutput.map(({ json }) => json.error)).toEqual([
			expect.stringMatching(/shard.*\[item 0\]/i),
			expect.stringMatching(/shard.*\[item 1\]/i),
		]);
	});
});
