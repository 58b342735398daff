import { createReadStream } from 'node:fs';
import { appendFile, truncate, unlink } from 'node:fs/promises';
import {
	NodeConnectionTypes,
	type IBinaryKeyData,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
} from 'n8n-workflow';

import type { StartItem } from './protocol.cts';

const ends = { inputs: [NodeConnectionTypes.Main], outputs: [NodeConnectionTypes.Main] };

/**
 * Takes the place of the trigger: outputs the run's items, with their files in n8n's binary store.
 */
export const files: INodeType = {
	description: {
		displayName: 'Files',
		name: 'files',
		group: ['trigger'],
		version: 1,
		description: 'Gives items with files',
		defaults: { name: 'Files' },
		...ends,
		properties: [{ displayName: 'Items', name: 'items', type: 'json', default: [] }],
	},
	async execute(this: IExecuteFunctions) {
		const items: INodeExecutionData[] = [];
		for (const start of this.getNode().parameters.items as unknown as StartItem[]) {
			const binary: IBinaryKeyData = {};
			for (const [name, file] of Object.entries(start.files ?? {})) {
				const content = file.path
					? createReadStream(file.path)
					: Buffer.from(file.base64 ?? '', 'base64');
				binary[name] = await this.helpers.prepareBinaryData(
					content,
					undefined,
					file.mimeType ?? 'application/octet-stream',
				);
				// Not passed to `prepareBinaryData`, which would treat a name as a path.
				if (file.fileName !== undefined) binary[name].fileName = file.fileName;
				if (file.damage) await damage(this.helpers.getBinaryPath(binary[name].id!), file.damage);
			}
			const item: INodeExecutionData = { json: start.json ?? {} };
			if (start.files) item.binary = binary;
			items.push(item);
		}
		return [items];
	},
};

async function damage(path: string, how: 'gone' | 'shorter' | 'longer'): Promise<void> {
	if (how === 'gone') await unlink(path);
	else if (how === 'shorter') await truncate(path, 10);
	else await appendFile(path, 'more');
}

/** Outputs the value of its parameter for each item, so that tests can evaluate expressions. */
export const answer: INodeType = {
	description: {
		displayName: 'Answer',
		name: 'answer',
		group: ['transform'],
		version: 1,
		description: 'Says a value',
		defaults: { name: 'Answer' },
		...ends,
		properties: [{ displayName: 'Value', name: 'value', type: 'string', default: '' }],
	},
	async execute(this: IExecuteFunctions) {
		return [
			this.getInputData().map((_, item) => ({
				json: { value: this.getNodeParameter('value', item) as string },
				pairedItem: { item },
			})),
		];
	},
};
