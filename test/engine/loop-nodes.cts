/** Nodes for the way back in an error loop: they change items as users' nodes do. */
import {
	NodeConnectionTypes,
	type IBinaryKeyData,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

const description = (name: string): INodeTypeDescription => ({
	displayName: name,
	name,
	group: ['transform'],
	version: 1,
	description: name,
	defaults: { name },
	inputs: [NodeConnectionTypes.Main],
	outputs: [NodeConnectionTypes.Main],
	properties: ['json', 'files', 'content'].map((parameter) => ({
		displayName: parameter,
		name: parameter,
		type: 'string' as const,
		default: '',
	})),
});

const MOST_TURNS = 12;

/**
 * Stores each file again, as a node does that downloads it again; can drop the JSON or the files.
 */
export const saveAgain: INodeType = {
	description: description('saveAgain'),
	async execute(this: IExecuteFunctions) {
		const output: INodeExecutionData[] = [];
		// A loop that never waits would not end.
		if (Number(this.evaluateExpression('{{ $runIndex }}', 0)) >= MOST_TURNS) return [[]];
		for (const [item, { json, binary }] of this.getInputData().entries()) {
			const files: IBinaryKeyData = {};
			for (const [field, { fileName, mimeType }] of Object.entries(binary ?? {})) {
				const content = String(this.getNodeParameter('content', item, ''));
				const bytes = content
					? Buffer.from(content)
					: await this.helpers.getBinaryDataBuffer(item, field);
				files[field] = await this.helpers.prepareBinaryData(bytes, fileName, mimeType);
			}
			output.push({
				json: this.getNodeParameter('json', item, '') === 'none' ? {} : json,
				...(this.getNodeParameter('files', item, '') !== 'none' && { binary: files }),
				pairedItem: { item },
			});
		}
		return [output];
	},
};

/** Passes on only the error items whose file can safely be sent again. */
export const onlySafe: INodeType = {
	description: description('onlySafe'),
	async execute(this: IExecuteFunctions) {
		if (Number(this.evaluateExpression('{{ $runIndex }}', 0)) >= MOST_TURNS) return [[]];
		const items = this.getInputData().filter(
			({ json }) => (json.details as { safe_to_retry?: boolean }).safe_to_retry,
		);
		return await Promise.resolve([items]);
	},
};
