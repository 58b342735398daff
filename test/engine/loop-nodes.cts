/** Nodes that stand in a loop, for the engine: what people put there changes items. */
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

/** Saves each file anew, as a node does that fetches it again; may lose the JSON or the files. */
export const saveAgain: INodeType = {
	description: description('saveAgain'),
	async execute(this: IExecuteFunctions) {
		const output: INodeExecutionData[] = [];
		// A loop that has nothing to wait for would go round for ever.
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

/** Lets only those error items through whose file can be sent again without harm. */
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
