import {
	NodeApiError,
	NodeOperationError,
	type IExecuteFunctions,
	type IPollFunctions,
} from 'n8n-workflow';

import { ClinikoError, withFile } from '../errors';

/**
 * The error that stops the node, as n8n shows it: with the item, the advice, and the status of the
 * reply if there was one. Nothing of the request or the reply itself goes along.
 *
 * @param error a ClinikoError, what n8n itself threw over an expression, or a result of this function
 * @param itemIndex nothing in a trigger, which has no items
 */
export function nodeError(
	context: IExecuteFunctions | IPollFunctions,
	error: Error,
	itemIndex?: number,
): NodeApiError | NodeOperationError {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
	const node = context.getNode();
	if (!(error instanceof ClinikoError)) return new NodeOperationError(node, error, { itemIndex });
	const { description, httpCode } = error;
	const message = withItem(error.message, itemIndex);
	const shown =
		httpCode === undefined
			? new NodeOperationError(node, message, { itemIndex, description: description ?? undefined })
			: new NodeApiError(
					node,
					{ message },
					{ message, itemIndex, description: description ?? undefined, httpCode: `${httpCode}` },
				);
	// n8n puts a sentence of its own in the place of a message that holds a word such as ENOENT, and
	// so may a file's name.
	shown.message = message;
	return shown;
}

/**
 * What an error item says: what happened and what to do in one text, since n8n keeps no more than
 * that of an error item and people send it on by e-mail.
 *
 * @param fileName is added if the message does not have it yet
 */
export function errorText(error: Error, itemIndex: number, fileName?: string): string {
	const advice = error instanceof ClinikoError ? error.description : undefined;
	return [withItem(withFile(error.message, fileName), itemIndex), advice].filter(Boolean).join(' ');
}

function withItem(message: string, itemIndex: number | undefined): string {
	return itemIndex === undefined ? message : `${message} [item ${itemIndex}]`;
}
