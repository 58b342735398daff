import { NodeApiError, NodeOperationError, type IExecuteFunctions, type INode } from 'n8n-workflow';

import { errorText, nodeError } from '../../../../nodes/Cliniko/actions/report.ts';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';

const node = { name: 'Cliniko', type: 'cliniko' } as INode;
const context = { getNode: () => node } as unknown as IExecuteFunctions;

describe('The error that stops the node', () => {
	it('says what happened, to which item, and what to do', () => {
		const shown = nodeError(context, new ClinikoError('No patient is set.', 'Choose one.'), 2);

		expect(shown).toBeInstanceOf(NodeOperationError);
		expect(shown.message).toBe('No patient is set. [item 2]');
		expect(shown.description).toBe('Choose one.');
		expect(shown.context.itemIndex).toBe(2);
		expect(shown.node).toBe(node);
	});

	it('says in its message what to do as well, where an AI agent’s model gets nothing else', () => {
		const tool = { ...node, type: 'clinikoTool' };
		const shown = nodeError(
			{ ...context, getNode: () => tool },
			new ClinikoError('2 patients match.', 'Date of Birth would tell them apart.'),
			0,
		);

		expect(shown.message).toBe('2 patients match. [item 0] Date of Birth would tell them apart.');
	});

	it.each([401, 404, 422, 429, 503])('has the status %d of the reply that led to it', (status) => {
		const shown = nodeError(context, new ClinikoError('It failed.', 'Try again.', status), 0);

		expect(shown).toBeInstanceOf(NodeApiError);
		expect(shown).toMatchObject({
			message: 'It failed. [item 0]',
			description: 'Try again.',
			httpCode: String(status),
		});
		expect(shown.context.itemIndex).toBe(0);
	});

	it.each([
		['without a status', undefined],
		['with a status', 503],
	])('keeps its message when a file name looks like an n8n error, %s', (_, status) => {
		for (const word of ['ENOENT', 'ECONNREFUSED', 'ETIMEDOUT', 'EPERM']) {
			const error = new ClinikoError(`The file "${word}.pdf" is empty.`, 'Look at it.', status);

			expect(nodeError(context, error, 0).message).toBe(
				`The file "${word}.pdf" is empty. [item 0]`,
			);
		}
	});

	it.each([
		['without a status', undefined],
		['with a status', 503],
	])('carries nothing of the request along, %s', (_, status) => {
		const error = Object.assign(new ClinikoError('It failed.', 'Try again.', status), {
			config: { auth: { username: 'the-key' } },
		});

		const shown = nodeError(context, error, 0);

		expect(shown.cause?.cause).toBeUndefined();
		for (const part of [shown, shown.cause ?? {}]) {
			expect(JSON.stringify(Object.entries(part))).not.toContain('the-key');
		}
		expect(shown.stack).not.toContain('the-key');
	});

	it('is n8n’s own error about an expression, with the item', () => {
		const shown = nodeError(context, new Error('Referenced node does not exist'), 1);

		expect(shown).toBeInstanceOf(NodeOperationError);
		expect(shown.message).toBe('Referenced node does not exist');
		expect(shown.context.itemIndex).toBe(1);
	});

	it.each([
		new NodeOperationError(node, 'Done before.'),
		new NodeApiError(node, { message: 'Done before.' }),
	])('is not made twice', (error) => {
		expect(nodeError(context, error, 5)).toBe(error);
	});
});

describe('The text of an error item', () => {
	it('has it all in one text: what happened, the file, the item and what to do', () => {
		expect(errorText(new ClinikoError('S3 has a fault.', 'Try again.'), 2, 'a.pdf')).toBe(
			'S3 has a fault. [file "a.pdf"] [item 2] Try again.',
		);
	});

	it('names the file once', () => {
		expect(errorText(new ClinikoError('"a.pdf" is empty.', 'Look at it.'), 2, 'a.pdf')).toBe(
			'"a.pdf" is empty. [item 2] Look at it.',
		);
	});

	it('has no file when there is none', () => {
		expect(errorText(new ClinikoError('No patient is set.', 'Choose one.'), 0)).toBe(
			'No patient is set. [item 0] Choose one.',
		);
	});

	it('has no advice when there is none', () => {
		expect(errorText(new Error('Odd.'), 0)).toBe('Odd. [item 0]');
		expect(errorText(new ClinikoError('Odd.', ''), 0)).toBe('Odd. [item 0]');
	});
});
