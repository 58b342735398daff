import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import {
	filesInJson,
	pickFiles,
	type EarlierFiles,
	type FileField,
	type FileSource,
} from '../../upload/binaryFields';

const PARAMETER = 'binaryPropertyName';

/**
 * The files that an item's Input Binary Field asks for: see `pickFiles`.
 *
 * @throws ClinikoError
 */
export function inputFiles(
	context: IExecuteFunctions,
	itemIndex: number,
	ifMissing: 'error' | 'skip',
): FileField[] {
	return pickFiles(
		context.getNodeParameter(PARAMETER, itemIndex),
		{ ...inputItem(context, itemIndex), ...adviceSource(context, itemIndex) },
		ifMissing,
	);
}

/** An item, and how its workflow keeps files. */
function inputItem(
	context: IExecuteFunctions,
	itemIndex: number,
): Pick<FileSource, 'item' | 'binaryMode'> {
	return {
		item: context.getInputData()[itemIndex]!,
		// n8n 1.85 to 1.123 have neither this function nor this setting.
		binaryMode: context.getWorkflowSettings?.().binaryMode,
	};
}

/** The files of an item, as n8n keeps them in an item of this workflow. */
export type Files = Partial<Pick<INodeExecutionData, 'json' | 'binary'>>;

/** The files of an item for the item that takes its place, such as the patient found for it. */
export function filesToPassOn(context: IExecuteFunctions, itemIndex: number): Files {
	// n8n's AI Agent cannot take files from a tool. n8n 1.85 does not have this function.
	if (context.isToolExecution?.()) return {};
	const { item, binaryMode } = inputItem(context, itemIndex);
	return { json: filesInJson(item, binaryMode), binary: item.binary };
}

function adviceSource(
	context: IExecuteFunctions,
	itemIndex: number,
): Pick<FileSource, 'isExpression' | 'earlierFiles'> {
	const set = context.getNode().parameters[PARAMETER];
	return {
		isExpression: typeof set === 'string' && set.startsWith('='),
		earlierFiles: () => earlierFiles(context, itemIndex),
	};
}

/** The nearest earlier node that has files for this item, as far as n8n can trace the item back. */
function earlierFiles(context: IExecuteFunctions, itemIndex: number): EarlierFiles | undefined {
	// n8n lists the nodes from the start of the workflow on.
	for (const { name } of context.getParentNodes(context.getNode().name).reverse()) {
		try {
			const node = JSON.stringify(name);
			const binary = context.evaluateExpression(`{{ $(${node}).item.binary }}`, itemIndex);
			const fields = Object.keys(binary ?? {});
			if (fields.length > 0) return { node: name, fields };
		} catch {
			// The node has not run, or n8n cannot tell which of its items this one comes from.
		}
	}
	return undefined;
}
