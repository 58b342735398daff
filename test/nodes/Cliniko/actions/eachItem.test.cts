import {
	NodeApiError,
	NodeOperationError,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';

import { eachItem, type Result } from '../../../../nodes/Cliniko/actions/eachItem.ts';
import type { Files } from '../../../../nodes/Cliniko/actions/parameters/inputFiles.ts';
import { ClinikoError } from '../../../../nodes/Cliniko/errors.ts';
import { rejection } from '../connection.cts';

const NODE = { id: '1', name: 'Cliniko', type: 'cliniko', typeVersion: 1, position: [0, 0] };

/** Runs an operation whose only parameter is the item index. */
const run = async (
	work: (itemIndex: number) => Promise<Result[]>,
	{
		items = 3,
		continues = false,
		read = (itemIndex: number) => itemIndex,
		onError = 'continueRegularOutput',
		files = undefined as ((itemIndex: number) => Files) | undefined,
	} = {},
): Promise<INodeExecutionData[]> =>
	await eachItem(
		{
			getInputData: () => Array.from({ length: items }, () => ({ json: {} })),
			getNode: () => ({ ...NODE, onError }),
			continueOnFail: () => continues,
		} as unknown as IExecuteFunctions,
		{ read, files, run: work },
	);

describe('Work on each item', () => {
	it('gives the results of all, in their order, each paired to its item', async () => {
		const counts = [2, 0, 1];
		const output = await run(
			async (item) =>
				await Promise.resolve(
					Array.from({ length: counts[item]! }, (_, at) => ({ json: { item, at } })),
				),
		);
		expect(output).toEqual([
			{ json: { item: 0, at: 0 }, pairedItem: { item: 0 } },
			{ json: { item: 0, at: 1 }, pairedItem: { item: 0 } },
			{ json: { item: 2, at: 0 }, pairedItem: { item: 2 } },
		]);
	});

	it('is done sequentially', async () => {
		const log: string[] = [];
		await run(async (item) => {
			log.push(`start ${item}`);
			await new Promise(setImmediate);
			log.push(`end ${item}`);
			return [];
		});
		expect(log).toEqual(['start 0', 'end 0', 'start 1', 'end 1', 'start 2', 'end 2']);
	});

	it('is none when there are no items', async () => {
		expect(
			await run(async () => await Promise.reject(new Error('not to be')), { items: 0 }),
		).toEqual([]);
	});

	it('passes files on', async () => {
		const binary = { data: { mimeType: 'application/pdf', data: '' } };
		const output = await run(async () => await Promise.resolve([{ json: {}, binary }]), {
			items: 1,
		});
		expect(output).toEqual([{ json: {}, binary, pairedItem: { item: 0 } }]);
	});
});

describe('The parameters', () => {
	const log: string[] = [];
	const read = (itemIndex: number) => {
		log.push(`read ${itemIndex}`);
		if (itemIndex === 1) throw new ClinikoError('It is empty.', 'Fill it in.');
		return itemIndex;
	};
	const work = async (itemIndex: number) => {
		log.push(`run ${itemIndex}`);
		return await Promise.resolve([{ json: { itemIndex } }]);
	};

	beforeEach(() => {
		log.length = 0;
	});

	it('of all items are read before the first is run', async () => {
		await run(work, {
			read: (itemIndex) => {
				log.push(`read ${itemIndex}`);
				return itemIndex * 10;
			},
		});
		expect(log).toEqual(['read 0', 'read 1', 'read 2', 'run 0', 'run 10', 'run 20']);
	});

	it('that are wrong in one stop the node before any is run', async () => {
		const error = await rejection(run(work, { read }));
		expect(error.message).toBe('It is empty. [item 1]');
		expect(error.context).toMatchObject({ itemIndex: 1 });
		expect(log).toEqual(['read 0', 'read 1']);
	});

	it('that are wrong in one give an error item in its place with “On Error: Continue”', async () => {
		expect(await run(work, { read, continues: true })).toEqual([
			{ json: { itemIndex: 0 }, pairedItem: { item: 0 } },
			{ json: { error: 'It is empty. [item 1] Fill it in.' }, pairedItem: { item: 1 } },
			{ json: { itemIndex: 2 }, pairedItem: { item: 2 } },
		]);
		expect(log).toEqual(['read 0', 'read 1', 'read 2', 'run 0', 'run 2']);
	});
});

describe('Work that fails', () => {
	const failsAt = (bad: number, error: Error) => async (item: number) => {
		await Promise.resolve();
		if (item === bad) throw error;
		return [{ json: { item } }];
	};

	it('stops the node with the item and the advice, and the items after it are left alone', async () => {
		const seen: number[] = [];
		const error = await rejection(
			run(async (item) => {
				seen.push(item);
				return await failsAt(1, new ClinikoError('It went wrong.', 'Put it right.'))(item);
			}),
		);
		expect(error).toBeInstanceOf(NodeOperationError);
		expect(error.message).toBe('It went wrong. [item 1]');
		expect(error.description).toBe('Put it right.');
		expect(error.context).toMatchObject({ itemIndex: 1 });
		expect(seen).toEqual([0, 1]);
	});

	it('keeps the status of Cliniko’s reply', async () => {
		const error = await rejection(run(failsAt(0, new ClinikoError('No.', 'Ask.', 403))));
		expect(error).toBeInstanceOf(NodeApiError);
		expect(error.httpCode).toBe('403');
	});

	it('is an error item with “On Error: Continue”, and the others go on', async () => {
		const output = await run(failsAt(1, new ClinikoError('It went wrong.', 'Put it right.')), {
			continues: true,
		});
		expect(output).toEqual([
			{ json: { item: 0 }, pairedItem: { item: 0 } },
			{ json: { error: 'It went wrong. [item 1] Put it right.' }, pairedItem: { item: 1 } },
			{ json: { item: 2 }, pairedItem: { item: 2 } },
		]);
	});
});

describe('The files of an item', () => {
	const files = (itemIndex: number): Files => ({
		json: { file: itemIndex },
		binary: { data: { mimeType: 'application/pdf', data: `${itemIndex}` } },
	});
	const work = async (itemIndex: number) => {
		if (itemIndex === 1) throw new ClinikoError('It went wrong.', 'Put it right.');
		return await Promise.resolve([{ json: { itemIndex } }]);
	};
	const read = (itemIndex: number) => {
		if (itemIndex === 2) throw new ClinikoError('It is empty.', 'Fill it in.');
		return itemIndex;
	};

	it('are on its result, and on its error item, whatever failed', async () => {
		const output = await run(work, { read, files, continues: true });
		expect(output.map(({ json }) => json)).toEqual([
			{ itemIndex: 0, file: 0 },
			{ error: 'It went wrong. [item 1] Put it right.', file: 1 },
			{ error: 'It is empty. [item 2] Fill it in.', file: 2 },
		]);
		expect(output.map(({ binary }) => binary!.data!.data)).toEqual(['0', '1', '2']);
	});

	it('are not in the JSON of what goes to the error output: n8n would not recognise it', async () => {
		const output = await run(work, {
			read,
			files,
			continues: true,
			onError: 'continueErrorOutput',
		});
		expect(output.map(({ json }) => Object.keys(json))).toEqual([
			['itemIndex', 'file'],
			['error'],
			['error'],
		]);
		expect(output.map(({ binary }) => binary!.data!.data)).toEqual(['0', '1', '2']);
	});
});
