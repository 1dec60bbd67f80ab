// One chart of uPlot, which draws the axes and handles dragging. This file draws the data, follows
// the pointer and sets the colors.
import uPlot from 'uplot'
import { countTick, durationTick, roundCount, roundDuration } from './axes.ts'
import { tickLabels } from './bucketLabels.ts'
import { paintBars, paintSteps } from './painting.ts'
import { BUCKET_MS, bucketSpan } from './range.ts'
import { longest, type StatsRow } from './series.ts'
import type { Loaded } from './statistics.ts'

export interface ChartOptions {
  readonly row: StatsRow
  readonly hasTimeAxis: boolean
  /** The pointer is in a bucket, or in none. */
  onPoint(index: number | undefined): void
  onOpen(index: number): void
  /** The visitor has dragged from the first to the last bucket. */
  onZoom(first: number, last: number): void
}

const PLOT_HEIGHT = { count: 48, duration: 72 } as const
const TIME_AXIS_HEIGHT = 24
const VALUE_AXIS_WIDTH = 60
const PADDING = 8
const RIGHT_PADDING = 24
const MIN_DRAG_PIXELS = 5
const FONT = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif'

export class Chart {
  private readonly plot: uPlot
  private readonly element: HTMLElement
  private readonly options: ChartOptions
  private readonly marker = Object.assign(document.createElement('div'), { className: 'chart-marker' })
  private readonly stopped = new AbortController()
  private readonly resizes: ResizeObserver
  private content: Loaded
  private marked: number | undefined
  private hasDragged = false
  /** The bucket that was clicked last. */
  private tapped: number | undefined

  /** `element` gets the chart; its color is that of the series. */
  constructor(element: HTMLElement, content: Loaded, options: ChartOptions) {
    this.element = element
    this.content = content
    this.options = options
    this.plot = new uPlot(this.plotOptions(), this.data(), element)
    this.plot.over.append(this.marker)
    this.listen()
    this.resizes = new ResizeObserver(() => this.plot.setSize({ width: element.clientWidth, height: this.height() }))
    this.resizes.observe(element)
  }

  destroy(): void {
    this.stopped.abort()
    this.resizes.disconnect()
    this.plot.destroy()
  }

  show(content: Loaded): void {
    if (this.content === content) return
    this.content = content
    this.plot.setData(this.data())
  }

  /** Draws again, as colors have changed. */
  redraw(): void {
    this.plot.redraw(false)
  }

  /** Marks a bucket, or none. */
  mark(index: number | undefined): void {
    this.marked = index
    this.placeMarker()
  }

  private placeMarker(): void {
    const { range, buckets } = this.content
    const index = this.marked
    const isShown = index !== undefined && index < buckets.length
    this.marker.hidden = !isShown
    if (!isShown) return
    const { from, to } = bucketSpan(range, index)
    const [left, right] = [this.plot.valToPos(from, 'x'), this.plot.valToPos(to, 'x')]
    Object.assign(this.marker.style, { left: `${left}px`, width: `${Math.max(2, right - left)}px` })
  }

  private height(): number {
    return PADDING + PLOT_HEIGHT[this.options.row.kind] + (this.options.hasTimeAxis ? TIME_AXIS_HEIGHT : PADDING)
  }

  /** The middles of the buckets, so that uPlot finds the bucket of the pointer, and the values. */
  private data(): uPlot.AlignedData {
    const { range, buckets } = this.content
    const ms = BUCKET_MS[range.size]
    const middles = buckets.map((_, index) => range.from + index * ms + ms / 2)
    return [middles, middles.map(() => null)]
  }

  /** The highest value; 0 without one. */
  private highest(): number {
    const { row } = this.options
    const { buckets } = this.content
    if (row.kind === 'count') return Math.max(0, ...buckets.map((bucket) => bucket[row.name]))
    return Math.max(0, ...row.lines.map(({ name }) => longest(buckets, name) ?? 0))
  }

  /** A round number that is at least `value`. */
  private rounded(value: number): number {
    return this.options.row.kind === 'count' ? roundCount(value) : roundDuration(value)
  }

  private plotOptions(): uPlot.Options {
    const { row, hasTimeAxis } = this.options
    const text = row.kind === 'count' ? countTick : durationTick
    const [labels, lines] = [() => this.colorOf(this.plot.root), () => this.colorOf(this.plot.under)]
    const shared = { stroke: labels, font: FONT, ticks: { show: false }, grid: { stroke: lines, width: 1 } }
    return {
      width: this.element.clientWidth,
      height: this.height(),
      ms: 1,
      tzDate: (ms) => (this.content.range.size === 'DAY' ? uPlot.tzDate(new Date(ms), 'Etc/UTC') : new Date(ms)),
      padding: [PADDING, RIGHT_PADDING, hasTimeAxis ? 0 : PADDING, 0],
      legend: { show: false },
      cursor: {
        x: false,
        y: false,
        points: { show: false },
        drag: { setScale: false, dist: MIN_DRAG_PIXELS, click: () => undefined },
        bind: { dblclick: () => null },
      },
      scales: {
        x: { range: () => [this.content.range.from, this.content.range.to] },
        y: { range: () => [0, this.rounded(this.highest())] },
      },
      axes: [
        {
          ...shared,
          size: hasTimeAxis ? TIME_AXIS_HEIGHT : 0,
          gap: 6,
          space: 72,
          values: (_, ticks, ...[, , step]) =>
            hasTimeAxis ? tickLabels(ticks, step, this.content.range.size) : ticks.map(() => null),
        },
        {
          ...shared,
          size: VALUE_AXIS_WIDTH,
          gap: 8,
          splits: () => this.valueTicks(),
          values: (_, ticks) => ticks.map(text),
        },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: { draw: [() => this.paint()], setSelect: [() => this.zoom()] },
    }
  }

  /** The ends of the axis, and its middle if that is a round number too: counts are integers. */
  private valueTicks(): number[] {
    const highest = this.highest()
    if (highest === 0) return [0]
    const top = this.rounded(highest)
    return this.rounded(top / 2) === top / 2 ? [0, top / 2, top] : [0, top]
  }

  private colorOf(element: Element): string {
    return getComputedStyle(element).color
  }

  private paint(): void {
    const { ctx } = this.plot
    const { row } = this.options
    ctx.save()
    ctx.fillStyle = this.colorOf(this.element)
    ctx.strokeStyle = ctx.fillStyle
    if (row.kind === 'count') paintBars(this.plot, row, this.content)
    else paintSteps(this.plot, row, this.content)
    ctx.restore()
    // Data or the size may have changed.
    this.placeMarker()
  }

  private zoom(): void {
    const { left, width } = this.plot.select
    if (width === 0) return
    this.hasDragged = true
    const [first, last] = [this.indexAt(left), this.indexAt(left + width - 1)]
    this.plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
    this.options.onPoint(undefined)
    this.options.onZoom(first, last)
  }

  /** The bucket at a distance from the left of the plot. */
  private indexAt(left: number): number {
    const { range, buckets } = this.content
    const index = Math.floor((this.plot.posToVal(left, 'x') - range.from) / BUCKET_MS[range.size])
    return Math.max(0, Math.min(buckets.length - 1, index))
  }

  private listen(): void {
    const { over } = this.plot
    const { onPoint, onOpen } = this.options
    const { signal } = this.stopped
    const on = (type: 'mousemove' | 'mouseleave' | 'mousedown' | 'click', act: (event: MouseEvent) => void): void =>
      over.addEventListener(type, act, { signal })
    on('mousemove', ({ clientX }) => onPoint(this.indexAt(clientX - over.getBoundingClientRect().left)))
    on('mouseleave', () => onPoint(undefined))
    on('mousedown', () => {
      this.hasDragged = false
    })
    on('click', (event) => {
      const index = this.indexAt(event.clientX - over.getBoundingClientRect().left)
      // A finger cannot point without a click: its first one shows the numbers.
      const isFirstTap = (event as PointerEvent).pointerType === 'touch' && this.tapped !== index
      this.tapped = index
      if (!this.hasDragged && !isFirstTap) onOpen(index)
    })
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw(), { signal })
  }
}
